// A service for the matrix of @lifeguard/nats, see `row.mjs`: connections in every state, of both packages, plain and over TLS.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@lifeguard/nats';
import { connect as connectV2 } from '@lifeguard/nats/v2';
import { connect as connectStock } from '@nats-io/transport-node';
import { enact } from './row.mjs';
import { config, describe, outcome } from './service.mjs';

const { host, port, tlsPort, user, pass, tcp, impatienceMillis } = config;
const packages = { v3: connect, v2: connectV2 };
const transports = {
  plain: { servers: `${host}:${port}`, user, pass },
  tls: { servers: `${host}:${tlsPort}`, user, pass, tls: { rejectUnauthorized: false } },
};

const states = {
  idle: { suffer: ({ ended }) => ended },
  // Begun when the connection is known to be lost, it waits for what becomes of the next connect.
  flushing: { suffer: ({ connection }) => outcome(flush(connection)), by: 'patience' },
  // Somebody listens and does not answer, so that it is in flight when the fault comes.
  requesting: { prepare: request, suffer: ({ call }) => call, by: 'patience' },
  subscribed: { prepare: subscribe, suffer: ({ ended }) => ended },
  connecting: { prepare: ({ connection }) => connection.close(), suffer: connectInVain, by: 'patience' },
};

const stock = await connectStock(transports.plain);
const stockTls = await connectStock({ ...transports.tls, reconnect: false });
for (const each of [stock, stockTls]) each.subscribe('silence');
await Promise.all([stock.flush(), stockTls.flush()]);
let stockIsStuck = true;
ending(stock).then(() => {
  stockIsStuck = false;
});

const cells = await Promise.all(
  Object.entries(packages).flatMap(([name, open]) =>
    Object.entries(transports).flatMap(([transport, server]) =>
      Object.entries(states).map(([state, actions]) => makeCell(`${transport}, ${name}`, open, server, state, actions)),
    ),
  ),
);

await enact({
  cells,
  stock: { isStuck: () => stockIsStuck, close: () => Promise.all([stock.close(), stockTls.close()]) },
  ports: [port, tlsPort],
});

async function makeCell(transport, open, server, state, actions) {
  const options = { ...server, tcp };
  const connection = await open(options);
  return {
    transport,
    state,
    ...actions,
    reopen: () => open({ ...options, waitOnFirstConnect: true }),
    connectAnew: () => open(options),
    connection,
    ended: ending(connection),
    askPatiently,
    close: (cell) => cell.connection.close(),
  };
}

/** Until it has lost its server. */
async function ending(connection) {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') return describe(new Error(type));
  }
}

async function askPatiently(cell) {
  const { reopen, state, connection } = cell;
  if (state === 'connecting') cell.connection = await reopen();
  const told = await outcome(untilFlushed(cell.connection));
  if (state !== 'subscribed') return told;
  // The subscription has gone on.
  connection.publish(cell.subject, 'again');
  const { done } = await cell.messages.next();
  return done ? 'the subscription is closed' : told;
}

/** A flush is lost with its connection. */
async function untilFlushed(connection) {
  while ((await outcome(connection.flush())) !== 'answered') await delay(10);
}

function flush(connection) {
  connection.publish('nobody', new Uint8Array(20_000));
  return connection.flush();
}

function request(cell) {
  cell.call = outcome(cell.connection.request('silence', '', { timeout: impatienceMillis }));
}

async function subscribe(cell) {
  const { connection } = cell;
  cell.subject = `of.${cells.indexOf(cell)}`;
  cell.messages = connection.subscribe(cell.subject)[Symbol.asyncIterator]();
  await connection.flush();
}

async function connectInVain({ connectAnew }) {
  return outcome(connectAnew());
}
