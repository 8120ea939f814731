import Table from 'cli-table3';

/** A table with the columns `stock` and `ours` under each title. A row is a name, and the cells of all pairs. */
export function formatPairs(titles: readonly string[], rows: readonly (readonly [string, ...string[]])[]): string {
  const table = new Table({
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(['', ...titles.map((content) => ({ content, colSpan: 2 }))]);
  table.push(['', ...titles.flatMap(() => ['stock', 'ours'])]);
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  // It draws the beginnings of columns under a cell that spans two, though there is no line to draw them on.
  return lines.filter((line) => !/^┬+$/.test(line)).join('\n');
}
