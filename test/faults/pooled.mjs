// What the services that lend connections of a pool of `@lifeguard/pool` have in common: cells of a pool of two in each state.
import { config, describe, logger, outcome } from './service.mjs';

/**
 * @param makePool takes a pool's options
 * @param ask puts something to a connection that is answered at once
 * @param block puts something to a connection that is not answered
 * @param blocked what that state is called
 * @param send puts something long to a connection
 */
export function pooledCells(transport, { makePool, ask, block, blocked, send, prefix = '' }) {
  const states = {
    idle: { prepare: returnAll, suffer: ({ evicted }) => evicted },
    [blocked]: { prepare: (cell) => callAll(cell, block), suffer: untilAnswered },
    sending: {
      suffer(cell) {
        callAll(cell, send);
        return untilAnswered(cell);
      },
    },
    connecting: { prepare: dropAll, suffer: connectInVain },
  };
  return Object.entries(states).map(([state, actions]) =>
    pooledCell(transport, prefix + state, actions, makePool, ask),
  );
}

/** One pool, and another whose callers don't wait for long. */
function pooledCell(transport, state, actions, makePool, ask) {
  const options = { tcp: config.tcp, logger, max: 2 };
  const pool = makePool(options);
  const impatient = makePool({ ...options, acquireTimeoutMillis: config.impatienceMillis });
  const known = new Set();
  return {
    transport,
    state,
    ...actions,
    pool,
    impatient,
    ask,
    async open(cell) {
      cell.clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of cell.clients) known.add(client);
    },
    held: () => pool.size,
    askPatiently: () => outcome(pool.use(ask, { timeoutMillis: 60_000 })),
    async lentAgain() {
      const clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of clients) await pool.release(client);
      return clients.some((client) => known.has(client));
    },
    close: () => Promise.all([pool.close(), impatient.close()]),
  };
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
