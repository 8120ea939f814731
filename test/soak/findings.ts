import type { Finish } from './client.js';
import { formatCounts, sum } from './ledger.js';
import { leftovers } from './residue.js';

/** What was promised, and turned out not to be so. */
export interface Finding {
  readonly promise:
    | 'nothing healthy is evicted'
    | 'every answer is right'
    | 'the pool serves again'
    | 'every request is settled'
    | 'nothing is left over'
    | 'no error goes unhandled'
    | 'the fault is real';
  readonly found: string;
}

/**
 * More than twice what compiled code and the like grow by in 1,000 faults, and half of what the 4,000 connections of those
 * would leave if they stayed.
 */
const HEAP_GROWTH_BYTES = 6e6;

/** What holds whatever has happened meanwhile. */
export function examine({ account, before, after, accidents }: Finish, serverConnections: number): Finding[] {
  const findings: Finding[] = [];
  const find = (promise: Finding['promise'], found: string) => findings.push({ promise, found });
  if (account.wrong > 0) find('every answer is right', `${account.wrong} wrong answers`);
  if (account.answered === 0) find('every answer is right', 'there was none');
  if (account.pending > 0) find('every request is settled', `${account.pending} neither answered nor failed`);
  const { answered, wrong, started } = account;
  const over = answered + wrong + sum(account.failed) + account.pending;
  if (over !== started) find('every request is settled', `${started} were started, and ${over} accounted for`);
  for (const accident of accidents) find('no error goes unhandled', accident);
  for (const leftover of leftovers(before, after, HEAP_GROWTH_BYTES)) find('nothing is left over', leftover);
  if (serverConnections > 0) find('nothing is left over', `the server still has ${serverConnections} connections`);
  return findings;
}

/** For who did not expect any. */
export function unexpectedFailures(failed: Readonly<Record<string, number>>): Finding[] {
  if (sum(failed) === 0) return [];
  return [{ promise: 'every answer is right', found: `requests failed: ${formatCounts(failed)}` }];
}
