import { describe, expect, test } from 'vitest';
import { faults } from './deck.js';
import { Random } from './random.js';

describe('chance', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 10 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('whole numbers include both bounds and nothing beyond', () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 1000 }, () => random.integer(3, 5)));
    expect([...drawn].sort()).toEqual([3, 4, 5]);
  });

  test('one in so many happens about that often', () => {
    const random = new Random(1);
    const happened = Array.from({ length: 10_000 }, () => random.oneIn(10)).filter(Boolean);
    expect(happened.length).toBeGreaterThan(900);
    expect(happened.length).toBeLessThan(1100);
  });
});

describe('the faults of a seed', () => {
  const deal = (seed: number, count: number) =>
    [...faults(count, new Random(seed))].map(({ name, comesAfterMillis, lastsMillis }) => ({
      name,
      comesAfterMillis,
      lastsMillis,
    }));

  test('are the same each time, and as many as asked for', () => {
    expect(deal(5, 13)).toHaveLength(13);
    expect(deal(5, 13)).toEqual(deal(5, 13));
    expect(deal(5, 13)).not.toEqual(deal(6, 13));
  });

  test('are of every kind in every ten', () => {
    const names = (dealt: readonly { readonly name: string }[]) => dealt.map(({ name }) => name).sort();
    const dealt = deal(5, 20);
    expect(new Set(names(dealt)).size).toBe(7);
    expect(names(dealt.slice(0, 10))).toEqual(names(dealt.slice(10)));
  });
});
