import { expect, test } from 'vitest';

interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}
type Bound = 'at most' | 'at least';
interface Target {
  readonly what: string;
  readonly of: string;
  readonly bound: Bound;
  readonly limit: number;
  readonly measured: Spread;
}
interface Pool {
  acquire(): Promise<string>;
  release(connection: string): void;
}
type Rotate = (pool: Pool, turns: number, held: string[]) => Promise<void>;

/** What the benchmark runs as it is has no declarations. */
function load<T>(module: string): Promise<T> {
  return import(new URL(module, import.meta.url).href);
}

const { spreadOf, ratioOf } = await load<{
  spreadOf(values: readonly number[]): Spread;
  ratioOf(values: readonly number[], base: readonly number[]): Spread;
}>('spread.mjs');
const { ratioOfSittings } = await load<{
  ratioOfSittings(values: readonly (readonly number[])[], base: readonly (readonly number[])[]): Spread;
}>('sittings.mjs');
const { judge } = await load<{ judge(target: Target): { readonly outcome: string } }>('target.mjs');
const { rotationLoop } = await load<{ rotationLoop(contender: object): Rotate }>('loops.mjs');
const { drawChart } = await load<{ drawChart(results: object): string }>('chart.mjs');
const { formatResults } = await load<{ formatResults(results: object): string }>('report.mjs');

test('of a hundred rounds, the median lies between the 40th and the 61st with a confidence of 95 %', () => {
  const spread = spreadOf(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(spread.median).toBe(50.5);
  expect(Math.abs(spread.low - 40)).toBeLessThanOrEqual(1);
  expect(Math.abs(spread.high - 61)).toBeLessThanOrEqual(1);
});

test('of few rounds, the range is all of them', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ low: 1, median: 2, high: 3 });
});

test('rounds without a figure, or without one to compare it with, are an error and no ratio', () => {
  expect(() => spreadOf([1, Number.NaN])).toThrow('Not all of the rounds are numbers: 1, NaN');
  expect(() => ratioOf([1, 2], [1])).toThrow(RangeError);
  expect(() => ratioOfSittings([[1]], [])).toThrow(RangeError);
});

test('a round that was slow for both changes no ratio', () => {
  expect(ratioOf([2, 20, 4], [1, 10, 2])).toEqual({ low: 2, median: 2, high: 2 });
});

test('of several sittings, the range is that of their medians, however many rounds each had', () => {
  const sittings = [0.9, 1, 1.1].map((ratio) => Array.from({ length: 300 }, () => ratio));
  const base = sittings.map((rounds) => rounds.map(() => 1));
  expect(ratioOfSittings(sittings, base)).toEqual({ low: 0.9, median: 1, high: 1.1 });
});

test('of one sitting, the range is that of its rounds', () => {
  expect(ratioOfSittings([[3, 1, 2]], [[1, 1, 1]])).toEqual({ low: 1, median: 2, high: 3 });
});

test.each<[Bound, number, number, number, string]>([
  ['at most', 0.4, 0.5, 0.6, 'met'],
  ['at most', 0.4, 0.51, 0.6, 'unclear'],
  ['at most', 0.51, 0.55, 0.6, 'missed'],
  ['at least', 0.4, 0.5, 0.6, 'met'],
  ['at least', 0.4, 0.49, 0.6, 'unclear'],
  ['at least', 0.4, 0.45, 0.49, 'missed'],
])('%s 0.5, measured %d, %d, %d: %s, %s', (bound, low, median, high, outcome) => {
  const measured = { low, median, high };
  expect(judge({ what: 'a loan', of: 'time', bound, limit: 0.5, measured }).outcome).toBe(outcome);
});

test('in a rotation the oldest loan ends after each new one', async () => {
  const events: string[] = [];
  const fresh = ['c', 'd', 'e'];
  const pool: Pool = {
    acquire: async () => {
      const connection = fresh.shift() ?? 'none';
      events.push(`+${connection}`);
      return connection;
    },
    release: (connection) => events.push(`-${connection}`),
  };
  const held = ['a', 'b'];
  await rotationLoop({ acquire: 'pool.acquire()', release: 'pool.release(connection)' })(pool, 3, held);
  expect(events).toEqual(['+c', '-a', '+d', '-b', '+e', '-c']);
  expect(held.toSorted()).toEqual(['d', 'e']);
});

const RESULTS = {
  node: 'v1.2.3',
  system: 'a machine',
  quick: false,
  sections: { borrow: { tables: [borrowTable()], targets: [] } },
  leftOut: [{ section: 'check', reason: 'there is no server' }],
};

function borrowTable() {
  const cell = (value: number, ratio: number) => ({ value, ratio: { low: ratio, median: ratio, high: ratio } });
  const rows = [
    { name: 'no pool', cells: { '1 borrower': { value: 40 } } },
    { name: '@lifeguard/pool', cells: { '1 borrower': cell(100, 1) } },
    { name: 'tarn', cells: { '1 borrower': cell(400, 0.25) } },
    { name: 'pg-pool', cells: { '1 borrower': cell(50, 2) } },
  ];
  return { name: 'borrow', title: 'acquire + release', unit: 'ns', ratio: "Lifeguard's beside it", rows };
}

test('the chart shows how many times Lifeguard’s time each peer takes, one that is faster too', () => {
  const svg = drawChart(RESULTS);
  expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(texts).toEqual(expect.arrayContaining(['1 borrower', 'tarn', 'pg-pool', '4×', '0.5×']));
  expect(texts).not.toContain('no pool');
  expect(svg).toMatch(/<title>.+<\/title>/);
});

test('the report tells the times, the ratios, and what was left out', () => {
  const report = formatResults(RESULTS);
  expect(report).toContain('400 (0.25)');
  expect(report).toContain('left out: check, because there is no server');
});
