// A service for one row of the matrix of @lifeguard/ioredis, see `row.mjs`: clients of their own and pooled ones, in every state,
// plain and over TLS.
import { createClient, redisFactory } from '@lifeguard/ioredis';
import { createPool } from '@lifeguard/pool';
import { Redis } from 'ioredis';
import { pooledCells } from './pooled.mjs';
import { enact } from './row.mjs';
import { config, describe, heard, outcome, timed } from './service.mjs';

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

const pooled = {
  prefix: 'pooled, ',
  ask: (client) => client.ping(),
  block: (client) => client.blpop('nothing', 0),
  blocked: 'blocked',
  send: (client) => client.set('key', LONG),
};

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...pooledCells(transport, { ...pooled, makePool: (options) => createPool(redisFactory(server), options) }),
]);
const stock = new Redis({ ...transports.plain, retryStrategy: null });
const stockEnd = heard(stock, 'end');
stock.on('error', () => {});
await stock.ping();
stock.blpop('nothing', 0).catch(() => {});

await enact({
  cells,
  stock: {
    isStuck: () => stock.status === 'ready',
    close() {
      stock.stream.resetAndDestroy();
      return stockEnd;
    },
  },
  ports: [port, tlsPort],
});

function clientCell(transport, server, state, { options, prepare, suffer }) {
  const client = createClient({ ...server, tcp, maxRetriesPerRequest: 0, ...options });
  const cell = { transport, state, client, prepare, suffer, told: [] };
  client.on('error', (error) => cell.told.push(describe(error)));
  return Object.assign(cell, {
    open: () => client.ping(),
    async askPatiently() {
      if (client.status !== 'ready') await heard(client, 'ready');
      if (state === 'in flight, retried') return unblock(cell);
      if (state === 'subscribed') await client.unsubscribe('channel');
      return outcome(client.ping());
    },
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
