/** @typedef {import('./spread.mjs').Spread} Spread */

/**
 * @typedef {object} Cell
 * @property {number} value
 * @property {Spread} [ratio]
 */

/**
 * A comparison: a row for each who is compared, a column for each case.
 *
 * @typedef {object} Table
 * @property {string} name
 * @property {string} title
 * @property {string} unit of the values
 * @property {string} [ratio] what the ratios are
 * @property {{ name: string, cells: Record<string, Cell> }[]} rows cells by case
 */

/**
 * @typedef {object} SectionResult
 * @property {Table[]} tables
 * @property {import('./target.mjs').Target[]} targets
 * @property {{ section: string, reason: string }[]} [partsLeftOut] what of it could not be measured here
 */
export {};
