// A service for one row of the matrix of @lifeguard/grpc, see `row.mjs`: clients of several connections and pooled ones, in every
// state, plain and over TLS.
import { connectivityState, credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient, grpcFactory } from '@lifeguard/grpc';
import { createPool } from '@lifeguard/pool';
import { ECHO } from './grpc-echo.mjs';
import { pooledCells } from './pooled.mjs';
import { enact } from './row.mjs';
import { config, describe, outcome } from './service.mjs';

const { host, port, tlsPort, ca, tcp } = config;
const Echo = makeGenericClientConstructor(ECHO, 'Echo');
const transports = {
  plain: [Echo, `${host}:${port}`, credentials.createInsecure()],
  tls: [Echo, `${host}:${tlsPort}`, credentials.createSsl(Buffer.from(ca))],
};
const TLS_NAME = { 'grpc.ssl_target_name_override': 'db' };
const LONG = 'x'.repeat(20_000);

const clientStates = {
  idle: { open: sayTwice, suffer: untilNotReady },
  'in flight': { open: sayTwice, prepare: hangTwice, suffer: ({ calls }) => Promise.all(calls) },
  'stream open': { open: openStreams, suffer: ({ calls }) => Promise.all(calls) },
  sending: { open: sayTwice, suffer: ({ client }) => both(() => outcome(say(client, LONG))) },
  queued: { suffer: ({ client }) => both(() => outcome(say(client, 'queued'))) },
  'queued, to be waited for': { suffer: waitFor },
};

const pooled = {
  prefix: 'pooled, ',
  ask: (client) => say(client, 'patience'),
  block: (client) => say(client, 'hang'),
  blocked: 'in flight',
  send: (client) => say(client, LONG),
};

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...pooledCells(transport, {
    ...pooled,
    makePool: (options) => createPool(grpcFactory(...server, TLS_NAME), options),
  }),
]);
const stock = new Echo(...transports.plain.slice(1));
await say(stock, 'hello');
let stockIsStuck = true;
const stockCall = stock.say('hang', () => {
  stockIsStuck = false;
});

await enact({
  cells,
  stock: {
    isStuck: () => stockIsStuck,
    close() {
      stockCall.cancel();
      stock.close();
    },
  },
  ports: [port, tlsPort],
});

function clientCell(transport, server, state, actions) {
  const client = createClient(...server, { ...TLS_NAME, channels: 2, tcp });
  return {
    transport,
    state,
    ...actions,
    client,
    askPatiently: ({ call }) => call ?? outcome(sayWhenReady(client, 'patience')),
    close: () => client.close(),
  };
}

function say(client, words, metadata = new Metadata()) {
  return new Promise((resolve, reject) => {
    client.say(words, metadata, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function sayWhenReady(client, words) {
  return say(client, words, new Metadata({ waitForReady: true }));
}

function both(call) {
  return Promise.all([call(), call()]);
}

function sayTwice({ client }) {
  return both(() => say(client, 'hello'));
}

function hangTwice(cell) {
  cell.calls = [1, 2].map(() => outcome(say(cell.client, 'hang')));
}

async function openStreams(cell) {
  const streams = [1, 2].map(() => cell.client.repeat('hang'));
  cell.calls = streams.map((stream) => new Promise((resolve) => stream.once('error', (e) => resolve(describe(e)))));
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
}

/** Nothing tells of an idle connection's end but the channel's state. */
function untilNotReady({ client }) {
  const channel = client.getChannel();
  const { READY } = connectivityState;
  return new Promise((resolve) => {
    if (channel.getConnectivityState(false) !== READY) resolve({ message: 'not ready' });
    else channel.watchConnectivityState(READY, Number.POSITIVE_INFINITY, () => resolve({ message: 'not ready' }));
  });
}

/** Nobody is told before the network is back. */
function waitFor(cell) {
  cell.call = outcome(sayWhenReady(cell.client, 'patience'));
  return [];
}
