import type { DriverOutcome } from './run.js';

const HEAD = ['driver', 'version', 'server', 'sockets', 'hardened', 'silent drop: error after'];

/** What one version of Node.js showed. */
export interface NodeReport {
  readonly node: string;
  readonly drivers: readonly DriverOutcome[];
}

/** A table as Markdown has it, so that it can stand in the documentation as it was printed. */
export function formatReport({ node, drivers }: NodeReport): string {
  const rows = [HEAD, ...drivers.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = '', ...lines] = rows.map(line);
  return [`Node.js ${node.replace('v', '')}:`, '', head, line(widths.map((width) => '-'.repeat(width))), ...lines].join(
    '\n',
  );
}

function cellsOf(outcome: DriverOutcome): string[] {
  const { driver, version, server, sockets, silentDrop } = outcome;
  return [driver, version, server, String(sockets), formatHardened(outcome), formatDrop(silentDrop)];
}

function formatHardened({ sockets, hardened, others: [other], problem }: DriverOutcome): string {
  if (problem !== undefined) return problem;
  if (hardened < sockets) return `${hardened}; not ${JSON.stringify(other)}`;
  return other ? `all; idle ${other.idle} s is the driver's own` : 'all';
}

function formatDrop(drop: DriverOutcome['silentDrop']): string {
  if (!drop) return '';
  if (drop.errorAfterSeconds === null) return 'none';
  return `${drop.errorAfterSeconds.toFixed(1)} s${drop.isInTime ? '' : ', too late'} (${drop.errors.join('; ')})`;
}
