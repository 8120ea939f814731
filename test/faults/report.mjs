// What the fault matrices have seen, as Markdown.

/** @typedef {import('./cells.js').Cell} Cell */
/** @typedef {Readonly<Record<string, readonly Cell[]>>} Matrices adapter name to what was seen */

const INTRODUCTION = `# The fault matrix, as a run printed it

\`npm run faults -- --write\` wrote this: seven faults for every adapter, in each state that its connections can be in, plain and over TLS,
on real servers in the lab, where the kernel really loses packets. Options: keepalive idle 1 s, interval 1 s, count 2, user timeout 2 s, by which
the kernel gives up within 3.5 s. A cell says what the callers were told, after how long, and how long after the healing they were
answered again; two times are those of plain and TLS. Who waits for a connection is told when its own time is up (2.5 s, of
http 2 s), with the last connect error as the cause. A multiplexed client repeats by itself what its driver repeats.
`;

/**
 * One table for each adapter.
 *
 * @param {Matrices} matrices
 */
export function documentOf(matrices) {
  const tables = Object.entries(matrices).map(([adapter, cells]) => `## ${adapter}\n\n${tableOf(cells)}\n`);
  return [INTRODUCTION, ...tables].join('\n');
}

/**
 * For each adapter and fault the longest time after which somebody was told whose connection had stood, and the longest until
 * all were served again.
 *
 * @param {Matrices} matrices
 */
export function summaryOf(matrices) {
  const faults = faultsOf(Object.values(matrices).flat());
  const rows = Object.entries(matrices).map(([adapter, cells]) => [
    `\`${adapter}\``,
    String(cells.length),
    ...faults.map((fault) => longest(cells.filter((cell) => cell.fault === fault && !isConnecting(cell)).map(told))),
    longest(cells.flatMap(({ servedMillis }) => (servedMillis === undefined ? [] : [servedMillis]))),
  ]);
  return markdown(['', 'cells', ...faults, 'served again'], rows);
}

/** @param {Cell} cell */
const told = ({ toldMillis }) => toldMillis;
/** @param {Cell} cell */
const isConnecting = ({ state }) => /connecting|queued/.test(state);

/** @param {readonly Cell[]} cells */
function tableOf(cells) {
  const faults = faultsOf(cells);
  const rows = [...new Set(cells.map(({ state }) => state))].map((state) => [
    state,
    ...faults.map((fault) => describe(cells.filter((cell) => cell.state === state && cell.fault === fault))),
  ]);
  return markdown(['', ...faults], rows);
}

/** @param {readonly Cell[]} cells of both transports */
function describe(cells) {
  if (cells.length === 0) return '';
  const words = [...new Set(cells.flatMap((cell) => cell.told))].join(', ');
  const served = cells.flatMap(({ servedMillis }) => (servedMillis === undefined ? [] : [servedMillis]));
  return `${words}, ${between(cells.map(told))}; again ${between(served)}`;
}

/** In the order in which they are tried. @param {readonly Cell[]} cells */
function faultsOf(cells) {
  return [...new Set(cells.map(({ fault }) => fault))].sort();
}

/** @param {readonly number[]} millis */
function between(millis) {
  const [least, most] = [seconds(Math.min(...millis)), seconds(Math.max(...millis))];
  return least === most ? `${least} s` : `${least}–${most} s`;
}

/** @param {readonly number[]} millis */
function longest(millis) {
  return `${seconds(Math.max(...millis))} s`;
}

/** @param {number} millis */
function seconds(millis) {
  return (millis / 1000).toFixed(1);
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function markdown(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
