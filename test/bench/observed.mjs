// What it costs to observe a pool with OpenTelemetry: a loan alone, and queries per second against a real server. Both pools
// are in one process, and only one of them is observed. And what a status page costs.
import { startPostgres } from '@lifeguard/lab';
import { measureInSittings, ratioOfSittings, spreadOfSittings } from './sittings.mjs';
import { measureStatusPage } from './status-page.mjs';
import { judge } from './target.mjs';
import { turnsOf } from './turns.mjs';

const CONNECTIONS = 10;
const CALLERS = [10, 50];
/** In each sitting. */
const LOANS_EFFORT = { rounds: 8, sliceMillis: 20 };
const LEAST_RATIO = 0.99;
/** The same limit, measured another way: what a loan takes longer, of the time of a query. It stands more noise. */
const MOST_OF_A_QUERY = 0.01;
export const OBSERVED = 'observed';
export const ALONE = 'not observed';

/** @typedef {import('./sittings.mjs').Cases} Rounds by the number of callers */
/** @typedef {import('./sittings.mjs').Sittings} Sittings */

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureObserved({ quick, effort, tell }) {
  /**
   * @param {'loans' | 'queries'} what
   * @param {import('./rounds.mjs').Effort | import('./rounds.mjs').Turns} effort
   */
  const measure = (what, effort) =>
    measureInSittings('observed-child.mjs', [what, CONNECTIONS, CALLERS, effort], {
      quick,
      tell: (text) => tell(`${what}, ${text}`),
    });
  const loans = await measure('loans', quick ? effort : LOANS_EFFORT);
  const queries = await measure('queries', turnsOf(quick));
  tell('status page');
  const server = await startPostgres('loopback');
  const page = await measureStatusPage(server, quick);
  await server.close();
  return {
    tables: [loanTable(loans), queryTable(queries)],
    targets: [...shareTargets(loans, queries), ...rateTargets(queries), page],
  };
}

/**
 * @param {Rounds} rounds
 * @returns {import('./table.mjs').Table}
 */
function loanTable(rounds) {
  const title = `acquire + release, ${CONNECTIONS} connections`;
  const rows = rowsOf(
    rounds,
    (nanos) => nanos,
    (observed, alone) => ratioOfSittings(observed, alone),
  );
  return { name: 'observed loans', title, unit: 'ns', ratio: "the observed pool's time beside this one's", rows };
}

/**
 * @param {Rounds} rounds
 * @returns {import('./table.mjs').Table}
 */
function queryTable(rounds) {
  const title = `SELECT 1, loopback PostgreSQL, ${CONNECTIONS} connections`;
  // The ratio of rates is the inverse of that of times.
  const rows = rowsOf(
    rounds,
    (nanos) => 1e9 / nanos,
    (observed, alone) => ratioOfSittings(alone, observed),
  );
  return {
    name: 'observed queries',
    title,
    unit: 'queries/s',
    ratio: "the observed pool's rate beside this one's",
    rows,
  };
}

/**
 * @param {Rounds} rounds
 * @param {(nanos: number) => number} toValue
 * @param {(observed: Sittings, alone: Sittings) => import('./spread.mjs').Spread} compare
 */
function rowsOf(rounds, toValue, compare) {
  return [OBSERVED, ALONE].map((name) => {
    const cells = [...rounds].map(([callers, values]) => {
      const value = toValue(spreadOfSittings(values.get(name) ?? []).median);
      const ratio = compare(values.get(OBSERVED) ?? [], values.get(ALONE) ?? []);
      return [`${callers} callers`, name === OBSERVED ? { value } : { value, ratio }];
    });
    return { name, cells: Object.fromEntries(cells) };
  });
}

/** @param {Rounds} rounds */
function rateTargets(rounds) {
  return [...rounds].map(([callers, values]) =>
    judge({
      what: `queries per second of an observed pool, ${callers} callers`,
      of: 'rate, beside that of one that is not observed',
      bound: 'at least',
      limit: LEAST_RATIO,
      measured: ratioOfSittings(values.get(ALONE) ?? [], values.get(OBSERVED) ?? []),
    }),
  );
}

/**
 * @param {Rounds} loans
 * @param {Rounds} queries
 */
function shareTargets(loans, queries) {
  return [...loans].map(([callers, values]) => {
    const query = spreadOfSittings(queries.get(callers)?.get(ALONE) ?? []).median;
    const alone = values.get(ALONE) ?? [];
    const added = (values.get(OBSERVED) ?? []).map((rounds, sitting) =>
      rounds.map((nanos, round) => nanos - (alone[sitting]?.[round] ?? Number.NaN)),
    );
    return judge({
      what: `a loan of an observed pool, ${callers} callers`,
      of: 'what is added to its time, beside the time of SELECT 1',
      bound: 'at most',
      limit: MOST_OF_A_QUERY,
      measured: spreadOfSittings(added.map((rounds) => rounds.map((nanos) => nanos / query))),
    });
  });
}
