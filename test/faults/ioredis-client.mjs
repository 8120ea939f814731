// A service on the host `app`, for one row of the matrix of @lifeguard/ioredis: clients of their own and pooled ones, in every
// state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { createClient, redisFactory } from '@lifeguard/ioredis';
import { Redis } from 'ioredis';
import { pooledCell, pooledStates, recover, suffer } from './pooled.mjs';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  heard,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const { host, port, tlsPort, password, tcp } = config;
const transports = {
  plain: { host, port, password },
  tls: { host, port: tlsPort, password, tls: { rejectUnauthorized: false } },
};
const LONG = 'x'.repeat(20_000);

/** Of a client that retries nothing, but where the state says so. */
const clientStates = {
  idle: { suffer: (cell) => untilClosed(cell) },
  'in flight': { prepare: (cell) => block(cell), suffer: ({ call }) => call },
  'in flight, retried': {
    options: { maxRetriesPerRequest: null },
    prepare: (cell) => block(cell),
    suffer: (cell) => untilClosed(cell),
  },
  sending: { suffer: ({ client }) => outcome(client.set('key', LONG)) },
  queued: { suffer: (cell) => queueOnceClosed(cell) },
  subscribed: { prepare: ({ client }) => client.subscribe('channel'), suffer: (cell) => untilClosed(cell) },
};

const states = pooledStates({
  blocked: 'pooled, blocked',
  block: (client) => client.blpop('nothing', 0),
  send: (client) => client.set('key', LONG),
});

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...Object.entries(states).map(([state, actions]) =>
    pooledCell(
      transport,
      state,
      actions,
      () => redisFactory(server),
      (client) => client.ping(),
    ),
  ),
]);
const stock = new Redis({ ...transports.plain, retryStrategy: null });
const stockEnd = heard(stock, 'end');
stock.on('error', () => {});

await Promise.all(cells.map((cell) => cell.open()));
await stock.ping();
stock.blpop('nothing', 0).catch(() => {});
await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map((cell) => cell.askPatiently());
await tell({ outcomes, stockIsStuck: stock.status === 'ready' });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map((cell, index) => recover(cell, patient[index], healedAt)));
stock.stream.resetAndDestroy();
await stockEnd;
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

function clientCell(transport, server, state, { options, prepare, suffer }) {
  const client = createClient({ ...server, tcp, maxRetriesPerRequest: 0, ...options });
  const cell = { transport, state, client, prepare, suffer, told: [] };
  client.on('error', (error) => cell.told.push(describe(error)));
  return Object.assign(cell, {
    open: () => client.ping(),
    known: new Set(),
    async askPatiently() {
      if (client.status !== 'ready') await heard(client, 'ready');
      if (state === 'in flight, retried') return unblock(cell);
      if (state === 'subscribed') await client.unsubscribe('channel');
      return outcome(client.ping());
    },
    lentAgain: async () => false,
    close() {
      const ended = heard(client, 'end');
      client.disconnect();
      return ended;
    },
  });
}

/** Until the client has noticed: what its `'error'` said. */
async function untilClosed({ client, told }) {
  if (client.status === 'ready') await heard(client, 'close');
  return told[0] ?? { message: 'closed' };
}

/** Waits for what nobody pushes before the network is back. */
function block(cell) {
  cell.key = `list ${cell.transport} ${cell.state}`;
  cell.call = outcome(cell.client.blpop(cell.key, 0));
}

/**
 * The call is under way again, on another connection: a value arrives with the one who asked before the fault. The first
 * goes to the connection that only the server still believes in.
 */
async function unblock({ key, call, transport }) {
  const pusher = new Redis(transports[transport]);
  await pusher.rpush(key, 'for the dead', 'for the living');
  pusher.disconnect();
  return call;
}

async function queueOnceClosed(cell) {
  await untilClosed(cell);
  const { told, tookMillis } = await timed(() => outcome(cell.client.ping()));
  cell.tookMillis = tookMillis;
  return told;
}
