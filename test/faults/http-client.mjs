// A service on the host `app`, for one row of the matrix of @lifeguard/http: the agents, undici and the fetch of Node.js over a
// dispatcher, in every state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no
// timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, createDispatcher, HttpsAgent } from '@lifeguard/http';
import { onClientSocket } from '@lifeguard/tcp';
import { request, Agent as UndiciAgent, fetch as undiciFetch } from 'undici';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const { host, port, tlsPort, ca, tcp, allowH2, impatienceMillis: connectTimeoutMillis } = config;
/** Node.js's own, but for an undici that it can't be used with. */
const fetch = config.fetch === 'undici' ? undiciFetch : globalThis.fetch;
const ours = { tcp, connectTimeoutMillis };
const urls = { plain: `http://${host}:${port}`, tls: `https://${host}:${tlsPort}` };

const beforeFault = new Set();
const stopCounting = onClientSocket((socket) => beforeFault.add(socket));

const clients = {
  agent: (transport) => {
    const agent =
      transport === 'plain'
        ? new Agent({ keepAlive: true, ...ours })
        : new HttpsAgent({ keepAlive: true, ca, ...ours });
    return { ...overAgent(agent, urls[transport]), ended: untilSocketsEnd(agent), close: () => agent.destroy() };
  },
  dispatcher: (transport) => {
    const dispatcher = makeDispatcher();
    return {
      exchange: (path, body) => {
        const options = { dispatcher, method: body ? 'POST' : 'GET', body };
        return request(urls[transport] + path, options).then((response) => response.body);
      },
      ended: untilDisconnected(dispatcher),
      close: () => dispatcher.close(),
    };
  },
  fetch: (transport) => {
    const dispatcher = makeDispatcher();
    return {
      exchange: (path, body) => {
        const sending = body && { method: 'POST', body: Readable.toWeb(body), duplex: 'half' };
        return fetch(urls[transport] + path, { dispatcher, ...sending }).then((response) => response.body);
      },
      ended: untilDisconnected(dispatcher),
      close: () => dispatcher.close(),
    };
  },
};

const states = {
  idle: { prepare: watchIdle, suffer: ({ ends }) => ends },
  'in flight': { prepare: (cell) => begin(cell, () => ask(cell, '/hang')), suffer: ({ calls }) => Promise.all(calls) },
  'sending the body': { prepare: upload, suffer: ({ calls }) => Promise.all(calls) },
  'receiving the body': { prepare: stream, suffer: ({ calls }) => Promise.all(calls) },
  connecting: { isNew: true, prepare: () => {}, suffer: (cell) => both(() => outcome(ask(cell, '/'))) },
};

const cells = Object.keys(urls).flatMap((transport) =>
  Object.entries(clients).flatMap(([client, make]) =>
    Object.entries(states).map(([state, actions]) => ({ transport, client, state, ...make(transport), ...actions })),
  ),
);

await Promise.all(cells.filter(({ isNew }) => !isNew).map((cell) => both(() => ask(cell, '/'))));
// Everything is idle again.
await delay(20);
const stockAgent = new http.Agent({ keepAlive: true });
const stockDispatcher = new UndiciAgent();
let stuck = 0;
await Promise.all([...stockCalls('/')]);
for (const call of stockCalls('/hang')) {
  stuck += 1;
  call
    .catch(() => {})
    .finally(() => {
      stuck -= 1;
    });
}
await Promise.all(cells.map((cell) => cell.prepare(cell)));
await allAcknowledged();
stopCounting();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
await tell({ outcomes, stockIsStuck: stuck === 1 ? 'one of two' : stuck === 2 });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map(recover));
stockAgent.destroy();
await stockDispatcher.destroy();
const oldSockets = [...beforeFault].filter(({ destroyed }) => !destroyed).length;
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, oldSockets, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

async function suffer(cell) {
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  const { transport, client, state } = cell;
  return { transport, state: `${client}, ${state}`, told, tookMillis };
}

async function recover(cell) {
  const answer = await outcome(ask(cell, '/'));
  return { answer, tookMillis: performance.now() - healedAt };
}

function both(call) {
  return Promise.all([call(), call()]);
}

async function ask({ exchange }, path, body) {
  let text = '';
  for await (const chunk of await exchange(path, body)) text += Buffer.from(chunk).toString();
  if (text !== 'ok') throw new Error(`unexpected answer: ${text}`);
}

function watchIdle(cell) {
  cell.ends = cell.ended();
}

function begin(cell, call) {
  cell.calls = [1, 2].map(() => outcome(call()));
}

/** Settles when both are under way. */
async function upload(cell) {
  const bodies = [1, 2].map(() => Readable.from(endless()));
  cell.calls = bodies.map((body) =>
    outcome(
      ask(
        cell,
        '/upload',
        body.on('error', () => {}),
      ),
    ),
  );
  await delay(200);
}

async function* endless() {
  const chunk = Buffer.alloc(16_384);
  for (;;) {
    yield chunk;
    // Neither a pipe nor `fetch` ends a source that goes on for ever.
    await delay(50, undefined, { ref: false });
  }
}

async function stream(cell) {
  await both(
    () =>
      new Promise((flowing) => {
        const read = async () => {
          for await (const _ of await cell.exchange('/stream')) flowing();
        };
        cell.calls = [...(cell.calls ?? []), outcome(read())];
      }),
  );
}

function overAgent(agent, url) {
  const { request: open } = url.startsWith('https') ? https : http;
  const exchange = (path, body) =>
    new Promise((resolve, reject) => {
      const outgoing = open(url + path, { agent, method: body ? 'POST' : 'GET' }, (response) => {
        // The request hears first what the socket died of; for its answer it is `aborted`.
        outgoing.removeListener('error', reject).on('error', (error) => response.destroy(error));
        resolve(response);
      });
      outgoing.on('error', reject);
      if (body) body.pipe(outgoing);
      else outgoing.end();
    });
  return { exchange };
}

/** An idle socket has no error but on itself. */
function untilSocketsEnd(agent) {
  return () => {
    const idle = Object.values(agent.freeSockets).flat();
    return Promise.all(idle.map(causeOfEnd));
  };
}

async function causeOfEnd(socket) {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return describe(socket.errored ?? new Error('closed'));
}

function makeDispatcher() {
  return createDispatcher({
    ...ours,
    connect: { ca },
    keepAliveTimeout: 120_000,
    ...(allowH2 === false && { allowH2 }),
  });
}

function untilDisconnected(dispatcher) {
  const told = [];
  const ended = new Promise((resolve) => {
    dispatcher.on('disconnect', (_, __, error) => {
      told.push(describe(error));
      if (told.length === 2) resolve(told);
    });
  });
  return () => ended;
}

function stockCalls(path) {
  const viaAgent = overAgent(stockAgent, urls.plain).exchange(path);
  const viaUndici = request(urls.plain + path, { dispatcher: stockDispatcher });
  return [viaAgent.then((response) => response.resume()), viaUndici.then(({ body }) => body.dump())];
}
