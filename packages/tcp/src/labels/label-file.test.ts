import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { formatLabels, parseLabels } from './label-file.js';

const inodesFrom = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n);

function parse(text: string): ReadonlyMap<string, string> | undefined {
  return parseLabels(Buffer.from(text));
}

describe('the content of a label file', () => {
  test.each(['orders', 'Bestellungen für Köln', '__proto__', '7', ''])(
    'says which sockets are labelled %j',
    (label) => {
      const text = formatLabels(
        new Map([
          [label, [4_551_268, 4_551_270]],
          ['others', [12]],
        ]),
      );
      expect(parse(text)).toEqual(
        new Map([
          ['4551268', label],
          ['4551270', label],
          ['12', 'others'],
        ]),
      );
    },
  );

  test('counts as far as it was meant to go, whatever is left of a longer one before', () => {
    const text = formatLabels(new Map([['orders', [1]]]));
    expect(parse(`${text}3,4,5]}`)).toEqual(new Map([['1', 'orders']]));
  });

  test('is not taken for whole when it is half of one writing and half of another', () => {
    const before = formatLabels(new Map([['orders', inodesFrom(1_000_000, 1000)]]));
    const after = formatLabels(new Map([['sessions', inodesFrom(2_000_000, 1000)]]));
    const [whole, other] = [parse(before), parse(after)];
    expect([whole?.size, other?.size]).toEqual([1000, 1000]);
    let torn = 0;
    for (let at = 0; at <= after.length; at += 1) {
      const labels = parse(after.slice(0, at) + before.slice(at));
      if (labels === undefined) torn += 1;
      else expect([...labels.values()].every((label) => label === labels.values().next().value)).toBe(true);
    }
    expect(torn).toBeGreaterThan(after.length - 100);
  });

  test.each([
    ['', 'nothing'],
    ['{"orders":[1]}', 'no header'],
    ['lifeguard-labels 2 14 a\n{"orders":[1]}', 'another version'],
    ['lifeguard-labels 1 14 0\n{"orders":[1]}', 'a wrong checksum'],
    [formatLabels(new Map([['orders', [1]]])).slice(0, -1), 'the end missing'],
  ])('is not believed: %j, %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test.each(['null', '"text"', '{"orders":1}', '{"orders":null}', '[1]', '{'])(
    'does not have to be what it should: %s',
    (json) => {
      // Whoever writes such a thing gets the checksum right too.
      const sum = crc32(json).toString(16);
      expect(() => parse(`lifeguard-labels 1 ${json.length} ${sum}\n${json}`)).not.toThrow();
    },
  );

  test('loses what a terminal would take for a command', () => {
    const labels = parse(formatLabels(new Map([['\x1b[2Jor\u202ed\u009bers\n', [1]]])));
    expect(labels?.get('1')).toBe('[2Jorders');
  });
});
