import type { QueryEvent } from './workload.js';

/**
 * A query that has waited for longer is called stuck. While the network is silent, none on a hardened pool with default
 * options waits so long: 10 s for a connection; or, for an answer, until the kernel's first timer after 10 s.
 */
export const STUCK_AFTER_MILLIS = 11_500;

/** The queries of one pool at one moment. Each one sent is exactly one of the other four. */
export interface Counts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Neither answered nor failed, for at most `STUCK_AFTER_MILLIS`. */
  readonly waiting: number;
  /** Neither answered nor failed, for longer. */
  readonly stuck: number;
}

/** When the cable was about to be cut, and about to be healed, by `now()`. */
export interface Outage {
  readonly cutAt: number;
  readonly healAt: number;
}

/** What became of the queries of one pool in a run. Times are in milliseconds, `null` is for what never happened. */
export interface Measures {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Queries that had waited for longer than `STUCK_AFTER_MILLIS` when the cable was healed, with neither answer nor error. */
  readonly stuckAtHeal: number;
  /** From a query's being sent to its answer or error, or to the end of the run if it had neither. */
  readonly longestWaitMillis: number;
  readonly firstErrorAfterCutMillis: number | null;
  readonly firstAnswerAfterHealMillis: number | null;
  /** Failed queries by error code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** A query, and what became of it, if anything did; `error` is a code. Times are by `now()`. */
export interface Query {
  readonly sentAt: number;
  readonly end?: { readonly at: number; readonly error: string | undefined };
}

/** Notes what becomes of the queries of one pool. */
export class Tally {
  readonly #queries = new Map<number, Query>();

  note(event: QueryEvent): void {
    if (event.event === 'sent') {
      this.#queries.set(event.id, { sentAt: event.at });
      return;
    }
    const query = this.#queries.get(event.id);
    if (query === undefined) return;
    const end = { at: event.at, error: event.event === 'failed' ? event.code : undefined };
    this.#queries.set(event.id, { ...query, end });
  }

  /** As it was at a moment. */
  countsAt(moment: number): Counts {
    const counts = { sent: 0, answered: 0, failed: 0, waiting: 0, stuck: 0 };
    for (const { sentAt, end } of this.#queries.values()) {
      if (sentAt > moment) continue;
      counts.sent += 1;
      if (end && end.at <= moment) counts[end.error === undefined ? 'answered' : 'failed'] += 1;
      else counts[moment - sentAt > STUCK_AFTER_MILLIS ? 'stuck' : 'waiting'] += 1;
    }
    return counts;
  }

  /** What there is to say of a run that was over at `endAt`. */
  measure(endAt: number, outage?: Outage): Measures {
    const { sent, answered, failed } = this.countsAt(endAt);
    const queries = this.queriesUpTo(endAt);
    const waits = queries.map(({ sentAt, end }) => (end?.at ?? endAt) - sentAt);
    const ends = queries.flatMap(({ end }) => end ?? []);
    const errors = ends.filter(({ error }) => error !== undefined);
    const answers = ends.filter(({ error }) => error === undefined);
    return {
      sent,
      answered,
      failed,
      stuckAtHeal: outage ? this.countsAt(outage.healAt).stuck : 0,
      longestWaitMillis: Math.round(Math.max(0, ...waits)),
      firstErrorAfterCutMillis: firstSince(outage?.cutAt, errors),
      firstAnswerAfterHealMillis: firstSince(outage?.healAt, answers),
      errors: countByCode(errors),
    };
  }

  /** What had happened by then, in the order in which they were sent. */
  queriesUpTo(moment: number): Query[] {
    return [...this.#queries.values()]
      .filter(({ sentAt }) => sentAt <= moment)
      .map(({ sentAt, end }) => (end && end.at <= moment ? { sentAt, end } : { sentAt }));
  }
}

function firstSince(start: number | undefined, ends: readonly { readonly at: number }[]): number | null {
  if (start === undefined) return null;
  const times = ends.map(({ at }) => at).filter((at) => at >= start);
  return times.length === 0 ? null : Math.round(Math.min(...times) - start);
}

function countByCode(errors: readonly { readonly error: string | undefined }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error = '' } of errors) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
