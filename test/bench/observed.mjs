// What it costs to observe a pool with OpenTelemetry: a loan alone, and queries per second against a real server. Both pools
// are in one process, and only one of them is observed. And what a status page costs.
import { startPostgres } from '@lifeguard/lab';
import { observeAllPools } from '@lifeguard/otel';
import { Pool as PgPool } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { measureStatusPage } from './status-page.mjs';
import { judge } from './target.mjs';

const CONNECTIONS = 10;
const CALLERS = [10, 50];
/** In one measured run, at least. */
const OPERATIONS = { loans: 3000, queries: 200 };
/** Many: the limit is finer than what a round on a busy machine varies by. */
const EFFORT = { loans: { rounds: 40, sliceMillis: 20 }, queries: { rounds: 150, sliceMillis: 20 } };
const LEAST_RATIO = 0.99;
/** The same limit, measured another way: what a loan takes longer, of the time of a query. It stands more noise. */
const MOST_OF_A_QUERY = 0.01;
/** Sixty times as often as by default: what collecting costs is in it. */
const EXPORT_MILLIS = 1000;

const OBSERVED = 'observed';
const ALONE = 'not observed';

/** @typedef {{ operate: () => Promise<unknown> }} Operator */
/** @typedef {Map<number, Map<string, number[]>>} Rounds by the number of callers */

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureObserved({ quick, effort, tell }) {
  tell('loans');
  const loans = await measureBoth('loans', openLoans, quick ? effort : EFFORT.loans);
  tell('starting PostgreSQL');
  const server = await startPostgres('loopback');
  tell('queries');
  const queries = await measureBoth('queries', () => openQueries(server), quick ? effort : EFFORT.queries);
  tell('status page');
  const page = await measureStatusPage(server, quick);
  await server.close();
  return {
    tables: [loanTable(loans), queryTable(queries)],
    targets: [...shareTargets(loans, queries), ...rateTargets(queries), page],
  };
}

/**
 * @param {'loans' | 'queries'} what
 * @param {() => Promise<Operator & { close: () => Promise<unknown> }>} open
 * @param {import('./rounds.mjs').Effort} effort
 * @returns {Promise<Rounds>}
 */
async function measureBoth(what, open, effort) {
  // All its connections are open by now, so nothing shows it to who observes the others.
  const alone = await open();
  const { meterProvider, stop } = startSdk();
  const unobserve = observeAllPools({ meterProvider });
  const observed = await open();
  /** @type {Rounds} */
  const rounds = new Map();
  for (const callers of CALLERS) {
    const contestants = new Map([
      [OBSERVED, working(callers, OPERATIONS[what], observed)],
      [ALONE, working(callers, OPERATIONS[what], alone)],
    ]);
    rounds.set(callers, await measureInRounds(contestants, effort));
  }
  unobserve();
  await Promise.all([alone.close(), observed.close(), stop()]);
  return rounds;
}

/** A meter provider that exports to nobody. */
function startSdk() {
  const exporter = {
    export: (/** @type {unknown} */ _, /** @type {(result: { code: number }) => void} */ done) => done({ code: 0 }),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_MILLIS });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return { meterProvider, stop: () => meterProvider.shutdown() };
}

async function openLoans() {
  const factory = { create: async () => ({}), destroy: async () => {} };
  const pool = createPool(factory, { max: CONNECTIONS, maxConnecting: CONNECTIONS, idleTimeoutMillis: 0 });
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.acquire()));
  for (const connection of connections) pool.release(connection);
  return { operate: async () => pool.release(await pool.acquire()), close: () => pool.close() };
}

/** @param {import('@lifeguard/lab').Postgres} server */
async function openQueries({ connectionString }) {
  const pool = new PgPool({ connectionString, max: CONNECTIONS });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
  return { operate: () => pool.query('SELECT 1'), close: () => pool.end() };
}

/**
 * @param {number} callers
 * @param {number} operations
 * @param {Operator} operator
 */
function working(callers, operations, { operate }) {
  const turns = Math.ceil(operations / callers);
  const call = async () => {
    for (let turn = 0; turn < turns; turn += 1) await operate();
  };
  return { run: () => Promise.all(Array.from({ length: callers }, call)), operations: callers * turns };
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
    (observed, alone) => ratioOf(observed, alone),
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
    (observed, alone) => ratioOf(alone, observed),
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
 * @param {(observed: number[], alone: number[]) => import('./spread.mjs').Spread} compare
 */
function rowsOf(rounds, toValue, compare) {
  return [OBSERVED, ALONE].map((name) => {
    const cells = [...rounds].map(([callers, values]) => {
      const value = toValue(spreadOf(values.get(name) ?? []).median);
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
      measured: ratioOf(values.get(ALONE) ?? [], values.get(OBSERVED) ?? []),
    }),
  );
}

/**
 * @param {Rounds} loans
 * @param {Rounds} queries
 */
function shareTargets(loans, queries) {
  return [...loans].map(([callers, values]) => {
    const query = spreadOf(queries.get(callers)?.get(ALONE) ?? []).median;
    const alone = values.get(ALONE) ?? [];
    const added = (values.get(OBSERVED) ?? []).map((nanos, round) => nanos - (alone[round] ?? Number.NaN));
    return judge({
      what: `a loan of an observed pool, ${callers} callers`,
      of: 'what is added to its time, beside the time of SELECT 1',
      bound: 'at most',
      limit: MOST_OF_A_QUERY,
      measured: spreadOf(added.map((nanos) => nanos / query)),
    });
  });
}
