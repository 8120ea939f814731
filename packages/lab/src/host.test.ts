import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { noEntry, noLab } from './capability.fixture.js';
import { Endpoint } from './endpoint.fixture.js';
import type { Host } from './host.js';
import { Lab } from './lab.js';

const ECHO = 7;
const QUIET_MILLIS = 300;

describe.skipIf(noLab())('a host', () => {
  let lab: Lab;
  let db: Host;
  let app: Host;
  let server: Endpoint;
  let client: Endpoint;

  beforeAll(async () => {
    lab = await Lab.create();
    [db, app] = await Promise.all([lab.host('db'), lab.host('app')]);
    [server, client] = await Promise.all([Endpoint.on(db), Endpoint.on(app)]);
    await server.listen(ECHO);
  });

  afterAll(async () => {
    await lab.close();
  });

  async function receivedSegments(host: Host): Promise<number> {
    const process = await host.spawn('grep', ['^Tcp:', '/proc/net/snmp']);
    const [names = [], values = []] = (await text(process.stdout)).split('\n').map((line) => line.split(' '));
    return Number(values[names.indexOf('InSegs')]);
  }

  describe('without power', () => {
    it('says nothing to anybody: no FIN, no RST, no segment of any kind', async () => {
      await client.connect(db.address, ECHO);
      await client.send('hello');
      await vi.waitFor(async () => expect((await client.seen()).received).toBe('hello'));
      const before = await receivedSegments(app);
      expect(before).toBeGreaterThan(0);
      await db.powerOff();
      expect(await server.process.exited).toEqual({ code: null, signal: 'SIGKILL' });
      await delay(QUIET_MILLIS);
      expect(await receivedSegments(app)).toBe(before);
      await client.send('again');
      await delay(QUIET_MILLIS);
      expect(await client.seen()).toEqual({ received: 'hello', ended: false, error: undefined });
    });

    it('runs nothing', async () => {
      expect(db.powered).toBe(false);
      await expect(db.spawn('true')).rejects.toThrow('the host db has no power');
      await expect(db.nic.up()).rejects.toThrow('the host db has no power');
      await expect(db.powerOff()).rejects.toThrow('the host db has no power');
      expect(() => db.enter()).toThrow('the host db has no power');
    });

    it('comes back empty, with the same addresses, and resets what it does not know', async () => {
      await db.powerOn();
      expect(await client.connect(db.address, ECHO)).toBe('ECONNREFUSED');
      server = await Endpoint.on(db);
      await server.listen(ECHO);
      expect(await client.connect(db.address, ECHO)).toBe('connected');
      expect(await client.connect(db.address6, ECHO)).toBe('connected');
      await expect(db.powerOn()).rejects.toThrow('the host db has power');
    });
  });

  it('whose process is killed, on the other hand, says so at once', async () => {
    await client.connect(db.address, ECHO);
    server.process.kill('SIGKILL');
    await vi.waitFor(async () => {
      const { ended, error } = await client.seen();
      expect(ended || error === 'ECONNRESET').toBe(true);
    });
    server = await Endpoint.on(db);
    await server.listen(ECHO);
  });

  it('whose process is frozen accepts connections and answers nothing, until it is thawed', async () => {
    await server.process.freeze();
    expect(await client.connect(db.address, ECHO)).toBe('connected');
    await client.send('hello');
    await delay(QUIET_MILLIS);
    expect(await client.seen()).toEqual({ received: '', ended: false, error: undefined });
    await server.process.thaw();
    await vi.waitFor(async () => expect((await client.seen()).received).toBe('hello'));
  });

  it('has memory of its own for files, and sees no other process than its own', async () => {
    const writer = await app.spawn('sh', ['-c', 'echo secret > /dev/shm/file; ls /dev/shm']);
    expect(await text(writer.stdout)).toBe('file\n');
    const reader = await db.spawn('ls', ['/dev/shm']);
    expect(await text(reader.stdout)).toBe('');
    const killer = await app.spawn('sh', ['-c', `kill ${process.pid} 2> /dev/null || echo nobody`]);
    expect(await text(killer.stdout)).toBe('nobody\n');
  });

  describe.skipIf(noEntry())('that the calling process has entered', () => {
    it('has the sockets that it makes then, and none of those before and after', async () => {
      const own = readlinkSync('/proc/thread-self/ns/net');
      const leave = app.enter();
      const socket = connect(ECHO, db.address);
      await once(socket, 'connect');
      leave();
      leave();
      expect(socket.localAddress).toBe(app.address);
      expect(readlinkSync('/proc/thread-self/ns/net')).toBe(own);
      const local = createServer().listen(0, '127.0.0.1');
      await once(local, 'listening');
      const neighbour = connect((local.address() as AddressInfo).port, '127.0.0.1');
      await once(neighbour, 'connect');
      neighbour.destroy();
      local.close();
      socket.write('hello');
      expect(String(await once(socket, 'data'))).toBe('hello');
      socket.destroy();
    });

    it('has the servers that it starts', async () => {
      const leave = app.enter();
      const listener = createServer((socket) => socket.end('from within'));
      await once(listener.listen(80, app.address), 'listening');
      leave();
      const endpoint = await Endpoint.on(db);
      expect(await endpoint.connect(app.address, 80)).toBe('connected');
      await vi.waitFor(async () => expect((await endpoint.seen()).received).toBe('from within'));
      endpoint.process.kill();
      listener.close();
    });

    it('lets it enter another one from there, and come back step by step', () => {
      const namespace = () => readlinkSync('/proc/thread-self/ns/net');
      const outside = namespace();
      const leaveApp = app.enter();
      const inside = namespace();
      const leaveDb = db.enter();
      expect(new Set([outside, inside, namespace()]).size).toBe(3);
      leaveDb();
      expect(namespace()).toBe(inside);
      leaveApp();
      expect(namespace()).toBe(outside);
    });

    it('cannot be entered by a worker', async () => {
      const module = new URL('../dist/namespace.js', import.meta.url);
      const code = `import('${module}').then(({ enterNetwork }) => enterNetwork(process.pid))`;
      const worker = new Worker(code, { eval: true });
      await expect(once(worker, 'exit')).rejects.toThrow('only the main thread can enter a host');
    });
  });
});
