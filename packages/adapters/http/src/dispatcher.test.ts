import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, inspect, onClientSocket } from '@lifeguard/tcp';
import {
  Agent,
  type Dispatcher,
  errors,
  getGlobalDispatcher,
  interceptors,
  request,
  setGlobalDispatcher,
  fetch as undiciFetch,
} from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TEST_CERTIFICATE } from './certificate.fixture.js';
import { createDispatcher, type DispatcherOptions } from './index.js';
import { closeUnseen, startServer } from './server.fixture.js';

const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 6000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 12_000,
};

describe.each(['plain', 'tls', 'h2'] as const)('%s', (kind) => {
  const open = (options: DispatcherOptions = {}) => {
    const connect = { ca: TEST_CERTIFICATE };
    return closed(createDispatcher({ tcp: TCP, connect, allowH2: kind === 'h2', ...options }));
  };

  test('every socket is hardened, and what undici sets changes nothing', async () => {
    const server = await startServer(kind);
    const opened = listOpened();
    const dispatcher = open();
    for (let times = 0; times < 3; times += 1) await settled(ask(server.url, dispatcher));
    expect(opened).toHaveLength(1);
    expect(opened.map((socket) => inspect(socket)?.options)).toEqual([TCP]);
    await new Promise((resolve) => opened[0]?.once('close', resolve).destroy(new errors.SocketError('lost')));
    await settled(ask(server.url, dispatcher));
    expect(opened.slice(1).map((socket) => inspect(socket)?.options)).toEqual([TCP]);
  });

  test('a socket that the peer has closed is given up before the request is written', async () => {
    const server = await startServer(kind);
    const opened = listOpened();
    const dispatcher = open();
    await settled(ask(server.url, dispatcher));
    closeUnseen(server.sockets[0]);
    const second = ask(server.url, dispatcher);
    expect(opened[0]?.destroyed).toBe(true);
    await second;
    expect(opened).toHaveLength(2);
  });

  test('after one socket has lost its peer, an idle one is not used again before the peer has answered', async () => {
    const server = await startServer(kind === 'h2' ? 'tls' : kind);
    const opened = listOpened();
    const dispatcher = open();
    const lost = ask(`${server.url}/hang`, dispatcher);
    await settled(ask(server.url, dispatcher));
    const [hanging, sibling] = opened;
    hanging?.destroy(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
    await expect(lost).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    // One goes to the client that has lost its socket, the other to the sibling's.
    await Promise.all([ask(server.url, dispatcher), ask(server.url, dispatcher)]);
    expect(sibling?.destroyed).toBe(true);
    expect(opened).toHaveLength(4);
  });
});

test('requests under way on a connection are not ended for another that comes', async () => {
  const server = await startServer('h2');
  const opened = listOpened();
  const dispatcher = closed(createDispatcher({ connect: { ca: TEST_CERTIFICATE }, allowH2: true, connections: 1 }));
  await settled(ask(server.url, dispatcher));
  let told = false;
  const hanging = ask(`${server.url}/hang`, dispatcher).catch((error) => {
    told = true;
    return error;
  });
  await delay(20);
  closeUnseen(server.sockets[0]);
  const another = ask(server.url, dispatcher).catch((error) => error);
  expect(opened[0]?.destroyed).toBe(false);
  expect(told).toBe(false);
  await Promise.all([hanging, another]);
});

test('the fetch of Node.js, that of undici, and an interceptor work with it', async () => {
  const { url, sockets } = await startServer();
  const dispatcher = closed(createDispatcher());
  // The types of Node.js 20 know the Agent of undici 6 only.
  const init = { dispatcher } as unknown as RequestInit;
  expect(await (await fetch(url, init)).text()).toBe('ok');
  await delay(5);
  expect(await (await undiciFetch(url, { dispatcher })).text()).toBe('ok');
  await delay(5);
  expect(await ask(url, dispatcher.compose(interceptors.retry()))).toBe('ok');
  expect(sockets).toHaveLength(1);
});

test('as the global dispatcher it serves the fetch of Node.js', async () => {
  const { url } = await startServer();
  const before = getGlobalDispatcher();
  onTestFinished(() => setGlobalDispatcher(before));
  const opened = listOpened();
  setGlobalDispatcher(closed(createDispatcher({ tcp: TCP })));
  expect(await (await fetch(url)).text()).toBe('ok');
  expect(opened.map((socket) => inspect(socket)?.options)).toEqual([TCP]);
});

test('a connector of your own is used, and its socket is hardened', async () => {
  const { url } = await startServer();
  const { buildConnector } = await import('undici');
  const own = buildConnector({});
  const dispatcher = closed(
    createDispatcher({
      tcp: TCP,
      connect: (options, callback) => {
        setImmediate(() => own(options, callback));
      },
    }),
  );
  const opened = listOpened();
  await ask(url, dispatcher);
  expect(opened.map((socket) => inspect(socket)?.options)).toEqual([TCP]);
});

test('its own timeout for connects goes before ours, and ours before the default', async () => {
  const lookup = () => {};
  for (const options of [{ connectTimeout: 50 }, { connectTimeoutMillis: 50 }]) {
    const dispatcher = closed(createDispatcher({ connect: { lookup }, ...options }));
    await expect(ask('http://nowhere.test', dispatcher)).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
  }
});

test('it is an Agent of undici, and closes', async () => {
  const { url } = await startServer();
  const dispatcher = createDispatcher();
  expect(dispatcher).toBeInstanceOf(Agent);
  await ask(url, dispatcher);
  await dispatcher.close();
  expect(dispatcher.closed).toBe(true);
  await expect(ask(url, dispatcher)).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
});

test('what can not be used is one error that names all of it', () => {
  const bad = { tcp: { keepAliveCount: 0 }, connectTimeoutMillis: -1 };
  expect(() => createDispatcher(bad)).toThrow(/connectTimeoutMillis=-1 .*tcp.keepAliveCount=0 /);
  const factory: unknown = () => new Agent();
  expect(() => createDispatcher({ factory } as DispatcherOptions)).toThrow(ConfigError);
});

async function ask(url: string, dispatcher: Dispatcher): Promise<string> {
  return (await request(url, { dispatcher })).body.text();
}

/** Client sockets, as they are opened. */
function listOpened(): Socket[] {
  const opened: Socket[] = [];
  onTestFinished(onClientSocket((socket) => opened.push(socket)));
  return opened;
}

function closed(dispatcher: Agent): Agent {
  onTestFinished(() => dispatcher.destroy());
  return dispatcher;
}

/** After what undici does to a socket whose answer is complete: it is idle then. */
async function settled<R>(promise: Promise<R>): Promise<R> {
  const result = await promise;
  await delay(5);
  return result;
}
