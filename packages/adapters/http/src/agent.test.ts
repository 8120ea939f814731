import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, inspect } from '@lifeguard/tcp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TEST_CERTIFICATE } from './certificate.fixture.js';
import { Agent, type AgentOptions, HttpsAgent } from './index.js';
import { closeUnseen, startServer, type TestServer } from './server.fixture.js';

const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 6000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 12_000,
};

interface Answer {
  readonly socket: Socket;
  readonly reused: boolean;
}

describe.each(['plain', 'tls'] as const)('%s', (kind) => {
  const open = (options: AgentOptions = {}): http.Agent => {
    const all = { keepAlive: true, keepAliveMsecs: 40_000, tcp: TCP, ...options };
    const agent = kind === 'plain' ? new Agent(all) : new HttpsAgent({ ...all, ca: TEST_CERTIFICATE });
    onTestFinished(() => agent.destroy());
    return agent;
  };

  test('every socket is hardened, and what the agent sets afterwards changes nothing', async () => {
    const server = await startServer(kind);
    const agent = open();
    const { socket } = await settled(ask(server, agent));
    expect(inspect(socket)?.options).toEqual(TCP);
    const again = await settled(ask(server, agent));
    expect(again).toEqual({ socket, reused: true });
    expect(inspect(socket)?.options).toEqual(TCP);
    socket.destroy();
    const next = await ask(server, agent);
    expect(next.socket).not.toBe(socket);
    expect(inspect(next.socket)?.options).toEqual(TCP);
  });

  test('a socket that the peer has closed is not used again, even if nobody has read that yet', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1, maxTotalSockets: 1 });
    const { socket } = await settled(ask(server, agent));
    closeUnseen(server.sockets[0]);
    const second = ask(server, agent);
    expect(socket.destroyed).toBe(true);
    expect((await second).reused).toBe(false);
    expect(agent).toMatchObject({ totalSocketCount: 1 });
  });

  test('a socket that has answered often, and rested since, is asked about like any other', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1 });
    let last = await settled(ask(server, agent));
    for (let more = 0; more < 5; more += 1) last = await settled(ask(server, agent));
    expect(last.reused).toBe(true);
    // For longer than an answer counts as just given.
    await new Promise((resolve) => setTimeout(resolve, 20));
    closeUnseen(server.sockets[0]);
    expect((await ask(server, agent)).reused).toBe(false);
    expect(server.sockets).toHaveLength(2);
  });

  test('a socket that has answered often is asked about if the machine’s clock has been set back since', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1 });
    for (let more = 0; more < 6; more += 1) await settled(ask(server, agent));
    closeUnseen(server.sockets[0]);
    const hourAgo = Date.now() - 3_600_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(hourAgo);
    onTestFinished(() => clock.mockRestore());
    expect((await ask(server, agent)).reused).toBe(false);
    expect(server.sockets).toHaveLength(2);
  });

  test.each(['fifo', 'lifo'] as const)(
    'of several idle ones the first that is alive is used, %s',
    async (scheduling) => {
      const server = await startServer(kind);
      const agent = open({ scheduling });
      const idle = await settled(Promise.all([1, 2, 3].map(() => ask(server, agent))));
      const order = Object.values(agent.freeSockets).flatMap((sockets = []) => sockets);
      if (scheduling === 'lifo') order.reverse();
      expect(order).toHaveLength(idle.length);
      for (const socket of order.slice(0, 2)) closeUnseen(server.sockets.find((end) => isOtherEnd(end, socket)));
      expect(await settled(ask(server, agent))).toEqual({ socket: order[2], reused: true });
      expect(await ask(server, agent)).toEqual({ socket: order[2], reused: true });
      expect(agent).toMatchObject({ totalSocketCount: 1 });
    },
  );

  test('requests of one tick whose idle sockets the peer has closed are all answered, and no place is lost', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 3, maxTotalSockets: 3 });
    await settled(Promise.all([1, 2, 3].map(() => ask(server, agent))));
    for (const socket of server.sockets) closeUnseen(socket);
    const answers = await settled(Promise.all([1, 2, 3, 4, 5].map(() => ask(server, agent))));
    expect(new Set(answers.map(({ socket }) => socket)).size).toBe(3);
    expect(server.sockets).toHaveLength(6);
    expect(placesOf(agent)).toEqual({ sockets: 0, freeSockets: 3, requests: 0, totalSocketCount: 3 });
  });

  test('however many idle sockets are found closed, the stack does not grow with them', async () => {
    const server = await startServer(kind);
    const agent = open() as http.Agent & { addRequest(...args: unknown[]): void };
    await settled(Promise.all([1, 2, 3].map(() => ask(server, agent))));
    for (const socket of server.sockets) closeUnseen(socket);
    const { addRequest } = agent;
    const depths: number[] = [];
    let depth = 0;
    agent.addRequest = (...args) => {
      depths.push(depth);
      depth += 1;
      addRequest.apply(agent, args);
      depth -= 1;
    };
    expect((await ask(server, agent)).reused).toBe(false);
    expect(depths).toEqual([0, 0, 0, 0]);
  });

  test('a server that has gone leaves no request in a queue: each fails as it is refused', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1 });
    await settled(ask(server, agent));
    server.stop();
    closeUnseen(server.sockets[0]);
    await expect(ask(server, agent)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await delay(0);
    expect(placesOf(agent)).toEqual({ sockets: 0, freeSockets: 0, requests: 0, totalSocketCount: 0 });
  });

  test('a request that is given up in the tick in which its socket is found closed ends as any other', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1 });
    const { socket } = await settled(ask(server, agent));
    closeUnseen(server.sockets[0]);
    const { get } = kind === 'plain' ? http : https;
    const outgoing = get(server.url, { agent });
    expect(socket.destroyed).toBe(true);
    outgoing.destroy();
    expect(await new Promise((resolve) => outgoing.on('error', resolve))).toMatchObject({ code: 'ECONNRESET' });
    expect(await settled(ask(server, agent))).toHaveProperty('socket');
    expect(placesOf(agent)).toEqual({ sockets: 0, freeSockets: 1, requests: 0, totalSocketCount: 1 });
  });

  test('the answer comes in the context of its request, also if that was given another socket', async () => {
    const server = await startServer(kind);
    const agent = open();
    const context = new AsyncLocalStorage<string>();
    await settled(ask(server, agent));
    closeUnseen(server.sockets[0]);
    const { get } = kind === 'plain' ? http : https;
    const heard = await new Promise((resolve, reject) =>
      context.run('mine', () => get(server.url, { agent }, () => resolve(context.getStore())).on('error', reject)),
    );
    expect(heard).toBe('mine');
    expect(server.sockets).toHaveLength(2);
  });

  test('a request that waits for a socket is not given one that the peer has closed with its answer', async () => {
    const server = await startServer(kind);
    const agent = open({ maxSockets: 1 });
    // It ends before its socket is free.
    const onEnd = () => closeUnseen(server.sockets.at(-1));
    const paths = ['/close', '/', '/close', '/', '/'];
    await Promise.all(paths.map((path) => ask(server, agent, path, onEnd)));
    expect(server.sockets).toHaveLength(5);
  });

  test('after one socket has lost its peer, an idle one is not used again before the peer has answered', async () => {
    const server = await startServer(kind);
    const agent = open();
    const lost = ask(server, agent, '/hang');
    const [sibling, another] = await settled(Promise.all([ask(server, agent), ask(server, agent)]));
    const hanging = Object.values(agent.sockets).flatMap((sockets = []) => sockets)[0];
    hanging?.destroy(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
    // Told in the same turn of the event loop: there has been no time for a probe.
    await expect(lost).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect((await ask(server, agent)).reused).toBe(false);
    expect([sibling, another].filter(({ socket }) => socket.destroyed)).toHaveLength(2);
  });

  test('an idle one whose peer has answered since is used again', async () => {
    const server = await startServer(kind);
    const agent = open();
    const lost = ask(server, agent, '/hang');
    const sibling = await settled(ask(server, agent));
    const hanging = Object.values(agent.sockets).flatMap((sockets = []) => sockets)[0];
    hanging?.destroy(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
    await expect(lost).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    // The kernel asks nobody who has been silent for less than a second.
    const since = performance.now();
    await expect
      .poll(
        () =>
          (inspect(sibling.socket)?.info?.lastAckReceivedMillis ?? Number.POSITIVE_INFINITY) <
          performance.now() - since - 20,
        { timeout: 5000 },
      )
      .toBe(true);
    expect(await ask(server, agent)).toEqual({ socket: sibling.socket, reused: true });
  });

  test('a connect that is not done in time fails with ETIMEDOUT, and leaves nothing behind', async () => {
    const agent = open({ connectTimeoutMillis: 50 });
    const lookup = () => {};
    const { request } = kind === 'plain' ? http : https;
    const outgoing = request({ host: 'nowhere.test', port: 1, agent, lookup });
    const error = await new Promise((resolve) => outgoing.on('error', resolve).end());
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect' });
    await delay(0);
    expect(placesOf(agent)).toEqual({ sockets: 0, freeSockets: 0, requests: 0, totalSocketCount: 0 });
  });

  test('what can not be used is one error that names all of it', () => {
    const bad = { tcp: { keepAliveIdleMillis: 1, userTimeoutMillis: -1 }, connectTimeoutMillis: 0 };
    expect(() => open(bad)).toThrow(ConfigError);
    expect(() => open(bad)).toThrow(/connectTimeoutMillis=0 .*tcp.keepAliveIdleMillis=1 .*tcp.userTimeoutMillis=-1 /);
  });

  test("a subclass's own way to connect is hardened too", async () => {
    const server = await startServer(kind);
    const Base = (kind === 'plain' ? Agent : HttpsAgent) as typeof Agent;
    const connected: unknown[] = [];
    class Own extends Base {
      override createConnection(...[options, callback]: Parameters<http.Agent['createConnection']>) {
        const socket = super.createConnection(options, callback);
        connected.push(socket);
        return socket;
      }
    }
    const options = { keepAlive: true, tcp: TCP, ca: TEST_CERTIFICATE };
    const agent = new Own(options);
    onTestFinished(() => agent.destroy());
    const { socket } = await ask(server, agent);
    expect(connected).toEqual([socket]);
    expect(inspect(socket)?.options).toEqual(TCP);
  });
});

function ask({ url }: TestServer, agent: http.Agent, path = '/', onEnd = () => {}): Promise<Answer> {
  const { get } = url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const request = get(url + path, { agent }, (response) => {
      const { socket } = response;
      response.resume().on('end', () => {
        onEnd();
        resolve({ socket, reused: request.reusedSocket });
      });
    });
    request.on('error', reject);
  });
}

/** How many there are of each, whatever their names. */
function placesOf({ sockets, freeSockets, requests, totalSocketCount }: http.Agent & { totalSocketCount?: number }) {
  const count = (lists: NodeJS.ReadOnlyDict<readonly unknown[]>) => Object.values(lists).flat().length;
  return { sockets: count(sockets), freeSockets: count(freeSockets), requests: count(requests), totalSocketCount };
}

/** After what Node.js does to a socket whose answer is complete: it is idle then. */
async function settled<R>(promise: Promise<R>): Promise<R> {
  const result = await promise;
  await delay(5);
  return result;
}

function isOtherEnd(end: unknown, { localPort }: Socket): boolean {
  return (end as Socket).remotePort === localPort;
}
