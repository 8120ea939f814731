import { quantile } from 'simple-statistics';

/**
 * The median of a value's rounds, and the range in which it lies with a confidence of 95 %.
 *
 * @typedef {{ low: number, median: number, high: number }} Spread
 */

/** Half of the range that holds 95 % of a normal distribution, in standard deviations. */
const CONFIDENCE = 1.96;

/**
 * @param {readonly number[]} values one for each round
 * @returns {Spread}
 * @throws {RangeError} if one of them is no number: what can't have been measured is not printed
 */
export function spreadOf(values) {
  if (!values.every(Number.isFinite)) throw new RangeError(`Not all of the rounds are numbers: ${values.join(', ')}`);
  // How many of n values lie below the true median is binomial: n / 2, with a standard deviation of √n / 2.
  const margin = Math.min(1 / 2, CONFIDENCE / 2 / Math.sqrt(values.length));
  const [low = Number.NaN, median = Number.NaN, high = Number.NaN] = quantile(
    [...values],
    [1 / 2 - margin, 1 / 2, 1 / 2 + margin],
  );
  return { low, median, high };
}

/**
 * @param {readonly number[]} values
 * @param {readonly number[]} base
 * @returns {Spread} of `values` divided by `base`
 */
export function ratioOf(values, base) {
  return spreadOf(ratiosOf(values, base));
}

/**
 * Round by round, because what disturbs a round disturbs both.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} base
 * @returns {number[]}
 */
export function ratiosOf(values, base) {
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}
