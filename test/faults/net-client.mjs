// A service on the host `app`, for one row of the matrix of @lifeguard/net: it holds sockets in every state, plain and over TLS.
// It tells what became of each, and shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { once } from 'node:events';
import net from 'node:net';
import { createPool } from '@lifeguard/net';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const { host, port, tlsPort, tcp, impatienceMillis } = config;
const transports = {
  plain: { host, port },
  tls: { host, port: tlsPort, tls: { rejectUnauthorized: false } },
};
const LONG = 'x'.repeat(20_000);

const states = {
  idle: { prepare: returnAll, suffer: ({ evicted }) => evicted },
  waiting: { prepare: (cell) => askAll(cell, 'wait'), suffer: untilAnswered },
  sending: { suffer: (cell) => untilAnswered(askAll(cell, LONG)) },
  connecting: { prepare: dropAll, suffer: connectInVain },
};

const cells = Object.entries(transports).flatMap(([transport, server]) =>
  Object.entries(states).map(([state, actions]) => {
    const options = { ...server, tcp, logger, max: 2 };
    const pool = createPool(options);
    return {
      transport,
      state,
      ...actions,
      pool,
      impatient: createPool({ ...options, acquireTimeoutMillis: impatienceMillis }),
    };
  }),
);
const stock = net.connect(port, host);
stock.on('error', () => {});

await once(stock, 'connect');
await Promise.all(
  cells.map(async (cell) => {
    cell.sockets = await Promise.all([cell.pool.acquire(), cell.pool.acquire()]);
    cell.known = new Set(cell.sockets);
    await cell.prepare?.(cell);
  }),
);
stock.write('wait\n');
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map(({ pool }) => outcome(pool.use((socket) => ask(socket, 'hello'), { timeoutMillis: 60_000 })));
await tell({ outcomes, stockIsStuck: !stock.destroyed });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map(recover));
stock.destroy();
await Promise.all(cells.flatMap(({ pool, impatient }) => [pool.close(), impatient.close()]));
await tell({ recoveries, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

async function suffer(cell) {
  const { transport, state, pool } = cell;
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  return { transport, state, told, tookMillis, held: pool.size };
}

async function recover({ transport, state, pool, known }, index) {
  const answer = await patient[index];
  const tookMillis = performance.now() - healedAt;
  const sockets = await Promise.all([pool.acquire(), pool.acquire()]);
  const lentAgain = sockets.some((socket) => known.has(socket));
  for (const socket of sockets) await pool.release(socket);
  return { transport, state, answer, tookMillis, lentAgain };
}

/** Says a line, and waits for the answer: until the socket fails or closes, if need be. */
function ask(socket, line) {
  return new Promise((resolve, reject) => {
    const listeners = {
      readable: () => socket.read() !== null && settle(resolve),
      error: (error) => settle(reject, error),
      close: () => settle(reject, new Error('closed')),
    };
    const settle = (end, value) => {
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      end(value);
    };
    if (socket.destroyed) {
      reject(socket.errored ?? new Error('closed'));
      return;
    }
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    socket.write(`${line}\n`);
  });
}

function askAll(cell, line) {
  cell.answers = cell.sockets.map((socket) => outcome(ask(socket, line)));
  return cell;
}

async function untilAnswered({ pool, sockets, answers }) {
  const told = await Promise.all(answers);
  // As if nothing had happened.
  for (const socket of sockets) await pool.release(socket);
  return told;
}

async function returnAll(cell) {
  const told = [];
  cell.evicted = new Promise((resolve) => {
    cell.pool.on('evict', (socket, reason, error) => {
      // A connection too many, which a busy machine has had opened, may go at any time.
      if (!cell.sockets.includes(socket)) return;
      told.push(error ? describe(error) : { message: reason });
      if (told.length === 2) resolve(told);
    });
  });
  for (const socket of cell.sockets) await cell.pool.release(socket);
}

async function dropAll({ pool, sockets }) {
  for (const socket of sockets) await pool.destroy(socket);
}

function connectInVain({ impatient }) {
  return Promise.all([1, 2].map(() => outcome(impatient.use((socket) => ask(socket, 'hello')))));
}
