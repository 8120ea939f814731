import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { resolveTcpOptions } from '@lifeguard/tcp';
import { afterEach, expect, test } from 'vitest';
import { type Alarm, Watch } from './watch.js';

const TCP = resolveTcpOptions({ userTimeoutMillis: 7000 });
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that keeps what it accepts at hand. */
async function listen() {
  const accepted: Socket[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    accepted.push(socket.resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      for (const socket of accepted) socket.destroy();
      server.close();
    },
  });
  return { server, accepted, port: (server.address() as AddressInfo).port };
}

async function connect(port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** A driver that opens a new socket by itself when it loses the old one. */
class Reconnecting extends EventEmitter {
  readonly #port: number;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  connect(): Promise<Socket> {
    const socket = net.connect(this.#port, '127.0.0.1');
    socket.on('error', () => {});
    socket.once('close', () => setTimeout(() => void this.connect(), 5));
    return once(socket, 'connect').then(() => {
      this.emit('connected', socket);
      return socket;
    });
  }
}

test('a socket that the driver opens later by itself is hardened too', async () => {
  const { accepted, port, server } = await listen();
  const watch = new Watch(TCP);
  const driver = new Reconnecting(port);
  const connected = once(server, 'connection');
  await watch.open(() => driver.connect());
  await connected;
  watch.begin(driver, () => {});
  const again = once(driver, 'connected');
  accepted[0]?.resetAndDestroy();
  const [second] = (await again) as [Socket];
  expect(watch.hardenings).toHaveLength(1);
  expect(watch.hardenings[0]?.wanted.userTimeoutMillis).toBe(7000);
  expect(watch.hardenings[0]?.state).toBe(process.platform === 'linux' ? 'applied' : 'partial');
  expect(watch.sockets.has(second)).toBe(true);
  watch.end();
  second.removeAllListeners('close').destroy();
});

test('a second socket beside a living one is hardened, and its end raises no alarm', async () => {
  const { accepted, port } = await listen();
  const watch = new Watch(TCP);
  const alarms: Alarm[] = [];
  const first = await watch.open(() => connect(port));
  watch.begin({}, (alarm) => alarms.push(alarm));
  const second = await watch.open(() => connect(port));
  expect(watch.hardenings).toHaveLength(2);
  const ended = new Promise((resolve) => second.once('close', resolve));
  second.destroy();
  await ended;
  expect(alarms).toEqual([]);
  const alarmed = new Promise((resolve) => first.once('close', resolve));
  accepted[0]?.resetAndDestroy();
  await alarmed;
  expect(alarms[0]).toMatchObject({ of: 'socket', reason: 'reset' });
});

test('of two sockets that raced to connect, the loser that is closed says nothing', async () => {
  const { port } = await listen();
  const watch = new Watch(TCP);
  const alarms: Alarm[] = [];
  const [winner, loser] = await watch.open(() => Promise.all([connect(port), connect(port)]));
  watch.begin({}, (alarm) => alarms.push(alarm));
  const closed = new Promise((resolve) => loser.once('close', resolve));
  loser.destroy();
  await closed;
  expect(alarms).toEqual([]);
  const alarmed = new Promise((resolve) => winner.once('close', resolve));
  winner.destroy();
  await alarmed;
  expect(alarms).toMatchObject([{ reason: 'socket-closed' }]);
});

test('a socket that still connects when the connection stands has lost a race', async () => {
  const { port } = await listen();
  const watch = new Watch(TCP);
  const alarms: Alarm[] = [];
  const loser = watch.open(() => new net.Socket());
  const winner = await watch.open(async () => {
    const socket = await connect(port);
    loser.on('error', () => {}).connect(port, '127.0.0.1');
    return socket;
  });
  watch.begin({}, (alarm) => alarms.push(alarm));
  expect([...watch.sockets]).toEqual([winner]);
  const closed = new Promise((resolve) => loser.once('close', resolve));
  loser.destroy(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  await closed;
  expect(alarms).toEqual([]);
  winner.destroy();
});

test('an error that the driver emits is heard: it does not end the process, and is told', () => {
  const watch = new Watch(TCP);
  const driver = new EventEmitter();
  const alarms: Alarm[] = [];
  watch.begin(driver, (alarm) => alarms.push(alarm));
  const error = new Error('from the driver');
  driver.emit('error', error);
  expect(alarms).toEqual([{ of: 'driver', reason: 'fatal-error', error }]);
  watch.end();
  expect(() => driver.emit('error', error)).not.toThrow();
});

test('a connection that only passes on what its inside emits is heard, too', () => {
  const watch = new Watch(TCP);
  const inside = new EventEmitter();
  const driver = { on: inside.on.bind(inside), once: inside.once.bind(inside) };
  const alarms: Alarm[] = [];
  watch.begin(driver, (alarm) => alarms.push(alarm));
  inside.emit('error', Object.assign(new Error('gone'), { code: 'ETIMEDOUT' }));
  expect(alarms).toMatchObject([{ of: 'driver', reason: 'timed-out' }]);
  watch.end();
});

test('how far a connect has come shows in its sockets', async () => {
  const { port } = await listen();
  const watch = new Watch(TCP);
  expect(watch.progress).toBe('no-socket');
  const connecting = watch.open(() => connect(port));
  expect(watch.progress).toBe('unanswered');
  const socket = await connecting;
  expect(watch.progress).toBe('answered');
  socket.destroy();
});

test('a socket that is opened again and again is watched each time, and keeps nothing of the times before', async () => {
  const { accepted, port, server } = await listen();
  const watch = new Watch(TCP);
  const alarms: string[] = [];
  const socket = watch.open(() => new net.Socket());
  const listeners = new Set<string>();
  for (let time = 0; time < 5; time += 1) {
    const connected = Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    watch.open(() => socket.connect(port, '127.0.0.1'));
    await connected;
    if (time === 0) watch.begin({}, ({ reason }) => alarms.push(reason));
    expect(watch.hardenings).toHaveLength(1);
    listeners.add(['error', 'end', 'close'].map((event) => socket.listenerCount(event)).join());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    accepted.at(-1)?.resetAndDestroy();
    await closed;
  }
  watch.end();
  expect(alarms.filter((reason) => reason === 'reset')).toHaveLength(5);
  expect([...listeners]).toHaveLength(1);
  expect(watch.hardenings).toEqual([]);
});
