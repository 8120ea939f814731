// A service on the host `app`, for one row of the matrix of @lifeguard/grpc: clients of several connections and pooled ones, in
// every state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { connectivityState, credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient, grpcFactory } from '@lifeguard/grpc';
import { onClientSocket } from '@lifeguard/tcp';
import { ECHO } from './grpc-echo.mjs';
import { pooledCell, pooledStates, recover, suffer } from './pooled.mjs';
import { allAcknowledged, config, describe, hardenedOptions, hear, outcome, socketsLeft, tell } from './service.mjs';

const { host, port, tlsPort, ca, tcp } = config;
const Echo = makeGenericClientConstructor(ECHO, 'Echo');
const transports = {
  plain: [Echo, `${host}:${port}`, credentials.createInsecure()],
  tls: [Echo, `${host}:${tlsPort}`, credentials.createSsl(Buffer.from(ca))],
};
const TLS_NAME = { 'grpc.ssl_target_name_override': 'db' };
const LONG = 'x'.repeat(20_000);

const beforeFault = new Set();
const stopCounting = onClientSocket((socket) => beforeFault.add(socket));

const clientStates = {
  idle: { open: sayTwice, suffer: untilNotReady },
  'in flight': { open: sayTwice, prepare: hangTwice, suffer: ({ calls }) => Promise.all(calls) },
  'stream open': { open: openStreams, suffer: ({ calls }) => Promise.all(calls) },
  sending: { open: sayTwice, suffer: ({ client }) => both(() => outcome(say(client, LONG))) },
  queued: { suffer: ({ client }) => both(() => outcome(say(client, 'queued'))) },
  'queued, to be waited for': { suffer: waitFor },
};

const states = pooledStates({
  blocked: 'pooled, in flight',
  block: (client) => say(client, 'hang'),
  send: (client) => say(client, LONG),
});

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...Object.entries(states).map(([state, actions]) =>
    pooledCell(
      transport,
      state,
      actions,
      () => grpcFactory(...server, TLS_NAME),
      (client) => say(client, 'patience'),
    ),
  ),
]);

await Promise.all(cells.map((cell) => cell.open(cell)));
stopCounting();
const stock = new Echo(...transports.plain.slice(1));
await say(stock, 'hello');
let stockIsStuck = true;
const stockCall = stock.say('hang', () => {
  stockIsStuck = false;
});
await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map((cell) => cell.askPatiently());
await tell({ outcomes, stockIsStuck });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map((cell, index) => recover(cell, patient[index], healedAt)));
const oldSockets = [...beforeFault].filter(({ destroyed }) => !destroyed).length;
stockCall.cancel();
stock.close();
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, oldSockets, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

function clientCell(transport, server, state, { open = () => {}, prepare, suffer }) {
  const client = createClient(...server, { ...TLS_NAME, channels: 2, tcp });
  const cell = { transport, state, client, open, prepare, suffer };
  return Object.assign(cell, {
    askPatiently: () => cell.call ?? outcome(sayWhenReady(client, 'patience')),
    lentAgain: async () => false,
    close: () => client.close(),
  });
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
