import type { Finish } from './client.js';
import type { FaultsReport } from './faults.js';
import type { Finding } from './findings.js';
import { formatCounts } from './ledger.js';
import type { LossReport } from './loss.js';
import { megabytes, type Residue } from './residue.js';

export function formatLoss(report: LossReport): string {
  return [
    '',
    `loss: ${report.percent} % of packets lost each way for ${Math.round(report.seconds)} s`,
    ...formatFinish(report),
    `  evicted: ${formatCounts(report.evicted)}`,
    `  connections that the server has left: ${report.serverConnections}`,
    '',
  ].join('\n');
}

export function formatFaults(report: FaultsReport): string {
  const returns = Object.entries(report.returns).map(
    ([name, { faults, medianMillis, slowestMillis }]) =>
      `    ${name.padEnd(28)} ${String(faults).padStart(4)}   median ${medianMillis} ms, slowest ${slowestMillis} ms`,
  );
  return [
    '',
    `faults, in ${Math.round(report.seconds)} s; how soon after each a new caller had an answer:`,
    ...returns,
    ...formatFinish(report),
    `  evicted: ${formatCounts(report.evicted)}`,
    `  connections that the server has left: ${report.serverConnections}`,
    '',
  ].join('\n');
}

export function formatFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'All promises kept.';
  return ['Not kept:', ...findings.map(({ promise, found }) => `  ${promise}: ${found}`)].join('\n');
}

function formatFinish({ account, retransmits, stats, before, after, accidents }: Finish): string[] {
  const { started, answered, wrong, failed, pending, longest } = account;
  return [
    `  requests: ${count(started)} started, ${count(answered)} answered right, ${count(wrong)} wrong, ${count(pending)} never settled`,
    `  failed: ${formatCounts(failed)}`,
    `  longest request: ${(longest.millis / 1000).toFixed(1)} s, ${longest.outcome}`,
    `  connections opened: ${count(stats.created)}; suspected: ${count(stats.suspected)}; recovered: ${count(stats.recovered)}`,
    `  segments sent again: ${count(retransmits)}`,
    `  before: ${formatResidue(before)}`,
    `  after:  ${formatResidue(after)}`,
    `  unhandled: ${accidents.length === 0 ? 'nothing' : accidents.join('; ')}`,
  ];
}

function formatResidue({ files, resources, heapBytes }: Residue): string {
  return `${files} file descriptors; ${formatCounts(resources)}; heap ${megabytes(heapBytes)}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
