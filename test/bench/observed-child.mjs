// One sitting of two pools in one process, of which one is observed.
import { startPostgres } from '@lifeguard/lab';
import { observeAllPools } from '@lifeguard/otel';
import { Pool as PgPool } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { calling } from './callers.mjs';
import { ALONE, OBSERVED } from './observed.mjs';
import { apartFrom } from './processors.mjs';
import { measureInRounds } from './rounds.mjs';
import { runSitting } from './sitting.mjs';
import { measureInTurns, TURN_OPERATIONS } from './turns.mjs';

/** @typedef {{ operate: () => Promise<unknown>, close: () => Promise<unknown> }} OpenPool */
/** @typedef {ReadonlyMap<string, import('./rounds.mjs').Contestant>} Contestants by name */

/** In one measured run, at least. */
const LOANS = 3000;
/** Sixty times as often as by default: what collecting costs is in it. */
const EXPORT_MILLIS = 1000;

await runSitting(measure);

/**
 * @param {'loans' | 'queries'} what
 * @param {number} connections
 * @param {readonly number[]} numbers of callers
 * @param {import('./rounds.mjs').Effort | import('./rounds.mjs').Turns} effort
 * @returns {Promise<import('./sittings.mjs').Sitting>} by the number of callers
 */
async function measure(what, connections, numbers, effort) {
  const compare = (/** @type {Contestants} */ pools) =>
    'rounds' in effort ? measureInRounds(pools, effort) : measureInTurns(pools, effort);
  if (what === 'loans') return measureBoth(() => openLoans(connections), LOANS, numbers, compare);
  const server = await apartFrom(() => startPostgres('loopback'));
  try {
    return await measureBoth(() => openQueries(connections, server), TURN_OPERATIONS, numbers, compare);
  } finally {
    await server.close();
  }
}

/**
 * @param {() => Promise<OpenPool>} open
 * @param {number} operations
 * @param {readonly number[]} numbers of callers
 * @param {(pools: Contestants) => Promise<Map<string, number[]>>} compare
 */
async function measureBoth(open, operations, numbers, compare) {
  // All its connections are open by now, so nothing shows it to who observes the others.
  const alone = await open();
  const { meterProvider, stop } = startSdk();
  const unobserve = observeAllPools({ meterProvider });
  const observed = await open();
  /** @type {import('./sittings.mjs').Sitting} */
  const found = {};
  for (const callers of numbers) {
    const contestants = new Map([
      [OBSERVED, calling(callers, operations, observed.operate)],
      [ALONE, calling(callers, operations, alone.operate)],
    ]);
    found[callers] = Object.fromEntries(await compare(contestants));
  }
  unobserve();
  await Promise.all([alone.close(), observed.close(), stop()]);
  return found;
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

/**
 * @param {number} connections
 * @returns {Promise<OpenPool>}
 */
async function openLoans(connections) {
  const factory = { create: async () => ({}), destroy: async () => {} };
  const pool = createPool(factory, { max: connections, maxConnecting: connections, idleTimeoutMillis: 0 });
  const lent = await Promise.all(Array.from({ length: connections }, () => pool.acquire()));
  for (const connection of lent) pool.release(connection);
  return { operate: async () => pool.release(await pool.acquire()), close: () => pool.close() };
}

/**
 * @param {number} connections
 * @param {import('@lifeguard/lab').Postgres} server
 * @returns {Promise<OpenPool>}
 */
async function openQueries(connections, { connectionString }) {
  const pool = new PgPool({ connectionString, max: connections });
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) client.release();
  return { operate: () => pool.query('SELECT 1'), close: () => pool.end() };
}
