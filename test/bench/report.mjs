import Table from 'cli-table3';

/** @typedef {import('./results.mjs').Results} Results */
/** @typedef {import('./spread.mjs').Spread} Spread */

const NO_COLOUR = { head: [], border: [] };

/**
 * @param {Results} results
 * @returns {string} for people
 */
export function formatResults({ node, system, quick, sections, leftOut }) {
  const all = Object.values(sections);
  const targets = all.flatMap((section) => section.targets);
  const parts = [
    `Node ${node}, ${system}${quick ? ', a quick look: too short to tell much' : ''}`,
    ...all.flatMap(({ tables }) => tables.map(formatTable)),
    ...(targets.length > 0 ? [formatTargets(targets)] : []),
    ...leftOut.map(({ section, reason }) => `left out: ${section}, because ${reason}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** @param {import('./table.mjs').Table} table */
function formatTable({ title, unit, ratio, rows }) {
  const columns = Object.keys(rows[0]?.cells ?? {});
  const head = ['', ...columns];
  /** @type {import('cli-table3').HorizontalAlignment[]} */
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'));
  const table = new Table({ head, colAligns, style: NO_COLOUR });
  for (const { name, cells } of rows) {
    table.push([name, ...columns.map((column) => formatCell(cells[column]))]);
  }
  return `${title}: ${unit}${ratio ? ` (${ratio})` : ''}\n${table}`;
}

/** @param {import('./table.mjs').Cell | undefined} cell */
function formatCell(cell) {
  if (!cell) return '';
  const value = Math.round(cell.value).toLocaleString('en');
  return cell.ratio ? `${value} (${formatRatio(cell.ratio.median)})` : value;
}

/** @param {readonly import('./target.mjs').Target[]} targets */
function formatTargets(targets) {
  const table = new Table({ head: ['target', 'what is measured', 'limit', 'measured', ''], style: NO_COLOUR });
  for (const { what, of, bound, limit, measured, outcome } of targets) {
    const { low, median, high } = measured;
    const spread = `${formatRatio(median)} (${formatRatio(low)} to ${formatRatio(high)})`;
    table.push([what, of, `${bound} ${formatRatio(limit)}`, spread, outcome]);
  }
  return `Targets: the median of the rounds, and the range of its 95 % confidence; unclear: the limit lies in that range\n${table}`;
}

/** @param {number} value */
function formatRatio(value) {
  return value.toLocaleString('en', { minimumSignificantDigits: 2, maximumSignificantDigits: 3 });
}
