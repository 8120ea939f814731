/** @typedef {import('./spread.mjs').Spread} Spread */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {string} of what the measured value is
 * @property {'at most' | 'at least'} bound
 * @property {number} limit
 * @property {Spread} measured
 * @property {'met' | 'unclear' | 'missed'} outcome unclear: the median is beyond the limit, and may not be by its confidence range
 */

/**
 * @param {Omit<Target, 'outcome'>} target
 * @returns {Target}
 */
export function judge(target) {
  const { bound, limit, measured } = target;
  const holds = (/** @type {number} */ value) => (bound === 'at most' ? value <= limit : value >= limit);
  const best = bound === 'at most' ? measured.low : measured.high;
  return { ...target, outcome: holds(measured.median) ? 'met' : holds(best) ? 'unclear' : 'missed' };
}
