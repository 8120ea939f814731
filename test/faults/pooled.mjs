// What the services that lend connections of a pool of `@lifeguard/pool` have in common: a pool of two in each state, by
// `ask`, which puts something to a connection that is answered at once.
import { createPool } from '@lifeguard/pool';
import { config, describe, logger, outcome, timed } from './service.mjs';

const { tcp, impatienceMillis } = config;

/**
 * The states that need nothing of a driver but what `ask` does.
 *
 * @param block puts something to a connection that is not answered
 * @param send puts something long to a connection
 */
export const pooledStates = ({ blocked, block, send }) => ({
  'pooled, idle': { prepare: returnAll, suffer: ({ evicted }) => evicted },
  [blocked]: { prepare: (cell) => callAll(cell, block), suffer: untilAnswered },
  'pooled, sending': {
    suffer(cell) {
      callAll(cell, send);
      return untilAnswered(cell);
    },
  },
  'pooled, connecting': { prepare: dropAll, suffer: connectInVain },
});

/** One pool, and another whose callers don't wait for long. */
export function pooledCell(transport, state, { prepare, suffer }, makeFactory, ask) {
  const pool = createPool(makeFactory(), { tcp, logger, max: 2 });
  const impatient = createPool(makeFactory(), { tcp, logger, max: 2, acquireTimeoutMillis: impatienceMillis });
  const known = new Set();
  const cell = { transport, state, pool, impatient, prepare, suffer, ask };
  return Object.assign(cell, {
    async open() {
      cell.clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of cell.clients) known.add(client);
    },
    askPatiently: () => outcome(pool.use(ask, { timeoutMillis: 60_000 })),
    async lentAgain() {
      const clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of clients) await pool.release(client);
      return clients.some((client) => known.has(client));
    },
    close: () => Promise.all([pool.close(), impatient.close()]),
  });
}

/** What those in one cell are told of the fault, pooled or not. */
export async function suffer(cell) {
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  const { transport, state, pool } = cell;
  return { transport, state, told: [told].flat(), tookMillis: cell.tookMillis ?? tookMillis, held: pool?.size ?? 0 };
}

/** How soon somebody in a cell was served who has asked before the healing. */
export async function recover({ transport, state, lentAgain }, patient, healedAt) {
  const answer = await patient;
  const tookMillis = performance.now() - healedAt;
  return { transport, state, answer, tookMillis, lentAgain: await lentAgain() };
}

async function returnAll(cell) {
  const told = [];
  cell.evicted = new Promise((resolve) => {
    cell.pool.on('evict', (client, reason, error) => {
      // A connection too many, which a busy machine has had opened, may go at any time.
      if (!cell.clients.includes(client)) return;
      told.push(error ? describe(error) : { message: reason });
      if (told.length === 2) resolve(told);
    });
  });
  for (const client of cell.clients) await cell.pool.release(client);
}

async function dropAll({ pool, clients }) {
  for (const client of clients) await pool.destroy(client);
}

function callAll(cell, call) {
  cell.calls = cell.clients.map((client) => outcome(call(client)));
}

async function untilAnswered({ pool, clients, calls }) {
  const told = await Promise.all(calls);
  // As if nothing had happened.
  for (const client of clients) await pool.release(client);
  return told;
}

function connectInVain({ impatient, ask }) {
  return Promise.all([outcome(impatient.use(ask)), outcome(impatient.use(ask))]);
}
