import { type Query, STUCK_AFTER_MILLIS } from '../tally.js';

/** What had become of a request when the run ended. */
export type Outcome = 'answered' | 'failed' | 'open';

export const OUTCOMES = ['answered', 'failed', 'open'] as const satisfies readonly Outcome[];

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  answered: 'answered',
  failed: 'failed',
  open: 'neither, when the run ended',
};

export function outcomeOf({ end }: Query): Outcome {
  if (end === undefined) return 'open';
  return end.error === undefined ? 'answered' : 'failed';
}

/** As the report counts requests at a moment; `undefined`: it had not been sent. */
export function conditionAt(
  { sentAt, end }: Query,
  moment: number,
): 'answered' | 'failed' | 'waiting' | 'stuck' | undefined {
  if (sentAt > moment) return undefined;
  if (end && end.at <= moment) return end.error === undefined ? 'answered' : 'failed';
  return moment - sentAt > STUCK_AFTER_MILLIS ? 'stuck' : 'waiting';
}
