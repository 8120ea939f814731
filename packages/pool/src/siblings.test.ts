// What becomes of a connection's siblings. What the kernels would say is made up here; in test/faults they say it.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { capabilities, resolveTcpOptions, type Verdict } from '@lifeguard/tcp';
import { afterEach, expect, test, vi } from 'vitest';
import type { EvictReason } from './classify.js';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';
import { Watch } from './watch.js';

const { ok: canProbe, reason } = capabilities().supported.probe;
if (!canProbe) console.warn(`left out: how a sibling is asked, because ${reason}`);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.restoreAllMocks();
});

async function listen(): Promise<number> {
  const server = net.createServer((socket) => void socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A pool with so many connections that are idle. */
async function poolOf(count: number, validate?: () => Promise<boolean>) {
  const port = await listen();
  const create = async () => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const factory = { create, destroy: (socket: Socket) => socket.destroy(), ...(validate && { validate }) };
  const pool = createPool(factory, { logger, maxConnecting: count, testOnBorrow: true });
  cleanups.push(() => pool.close({ timeoutMillis: 1 }));
  const sockets = await Promise.all(Array.from({ length: count }, () => pool.acquire()));
  for (const socket of sockets) await pool.release(socket);
  const places = () => pool.connections().map(({ place }) => place);
  return { pool, sockets: sockets as [Socket, ...Socket[]], places };
}

function answer(verdict: Verdict) {
  return vi.spyOn(Watch.prototype, 'probe').mockResolvedValue(verdict);
}

const errorOf = (code: string) => Object.assign(new Error(code), { code });

test.each(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPIPE'])(
  '%s of one makes its siblings prove themselves',
  async (code) => {
    const { pool, sockets, places } = await poolOf(3);
    answer('alive');
    const inTheSameTurn = new Promise((resolve) => pool.once('evict', () => resolve(places())));
    sockets[0].destroy(errorOf(code));
    await expect(inTheSameTurn).resolves.toEqual(['quarantined', 'quarantined']);
    await expect.poll(places).toEqual(['idle', 'idle']);
  },
);

test('a peer’s orderly end of one says nothing of its siblings', async () => {
  const { pool, sockets, places } = await poolOf(2);
  const probe = answer('alive');
  sockets[0].destroy();
  await once(pool, 'evict');
  expect(places()).toEqual(['idle']);
  expect(probe).not.toHaveBeenCalled();
});

test.each<[Verdict, EvictReason, number]>([
  ['suspect', 'unanswered', 1],
  ['dead', 'peer-closed', 0],
])('a sibling that is found %s is evicted (%s)', async (verdict, reason, suspected) => {
  const { pool, sockets } = await poolOf(2);
  answer(verdict);
  sockets[0].destroy(errorOf('ETIMEDOUT'));
  await expect.poll(() => pool.stats().evicted).toEqual({ 'timed-out': 1, [reason]: 1 });
  expect(pool.stats().suspected).toBe(suspected);
  expect(pool.size).toBe(0);
});

test('a sibling that answers the second time was suspect and has recovered', async () => {
  const { pool, sockets, places } = await poolOf(2);
  const asked = new Set<Watch>();
  answer('alive').mockImplementation(async function (this: Watch) {
    const again = asked.has(this);
    asked.add(this);
    return again ? 'alive' : 'suspect';
  });
  const suspect = new Promise((resolve) => pool.once('suspect', resolve));
  const recovered = new Promise((resolve) => pool.once('recover', resolve));
  sockets[0].destroy(errorOf('ETIMEDOUT'));
  await expect(suspect).resolves.toBe(sockets[1]);
  await expect(recovered).resolves.toBe(sockets[1]);
  await expect.poll(places).toEqual(['idle']);
});

test('while its siblings are asked, who comes is given none of them but a new one', async () => {
  const { pool, sockets } = await poolOf(2);
  vi.spyOn(Watch.prototype, 'probe').mockReturnValue(new Promise(() => {}));
  sockets[0].destroy(errorOf('ETIMEDOUT'));
  await once(pool, 'evict');
  const socket = await pool.acquire();
  expect(sockets).not.toContain(socket);
  await pool.release(socket);
});

test('a lent connection whose peer stops answering stays lent, and makes its siblings prove themselves', async () => {
  const { pool, places } = await poolOf(2);
  const probe = answer('alive');
  const lent = await pool.acquire();
  const verdict = vi.spyOn(Watch.prototype, 'verdict').mockReturnValue('suspect');
  const [suspect] = await once(pool, 'suspect');
  expect(suspect).toBe(lent);
  expect(probe).toHaveBeenCalledTimes(1);
  verdict.mockReturnValue('alive');
  const [recovered] = await once(pool, 'recover');
  expect(recovered).toBe(lent);
  await pool.release(lent);
  await expect.poll(places).toEqual(['idle', 'idle']);
  expect(pool.stats().evicted).toEqual({});
});

test.skipIf(!canProbe && process.env['CI'] !== 'true')(
  'a lent connection that comes back with an answer of its peer need not be asked, and one without has to',
  async () => {
    const { pool, sockets } = await poolOf(3);
    const probe = vi.spyOn(Watch.prototype, 'probe').mockReturnValue(new Promise(() => {}));
    const lent = [await pool.acquire(), await pool.acquire()] as const;
    const idle = sockets.find((socket) => !lent.includes(socket));
    // Whatever the peer said before it is no answer.
    await new Promise((resolve) => setTimeout(resolve, 50));
    idle?.destroy(errorOf('ETIMEDOUT'));
    await once(pool, 'evict');
    await new Promise((resolve) => setTimeout(resolve, 50));
    probe.mockClear();
    await pool.release(lent[0]);
    expect(probe).toHaveBeenCalledTimes(1);
    const answered = once(lent[1], 'data');
    lent[1].write('are you there?');
    await answered;
    await pool.release(lent[1]);
    expect(probe).toHaveBeenCalledTimes(1);
    await expect(pool.acquire()).resolves.toBe(lent[1]);
  },
);

test('a connection whose sibling fails while it is being tested has to prove itself before it is lent', async () => {
  let pass = (_: boolean) => {};
  let tests = 0;
  const { pool, sockets, places } = await poolOf(2, async () => {
    tests += 1;
    return tests !== 3 || new Promise<boolean>((resolve) => (pass = resolve));
  });
  const probed = vi.spyOn(Watch.prototype, 'probe').mockReturnValue(new Promise(() => {}));
  void pool.acquire({ timeoutMillis: 0 }).catch(() => {});
  await expect.poll(places).toContain('checking');
  sockets[places().indexOf('idle')]?.destroy(errorOf('ETIMEDOUT'));
  await once(pool, 'evict');
  const before = probed.mock.calls.length;
  pass(true);
  await expect.poll(places).toContain('quarantined');
  expect(probed.mock.calls.length).toBe(before + 1);
});

test.skipIf(!canProbe && process.env['CI'] !== 'true')(
  'a sibling is asked anew: that its peer was there a moment ago is no answer',
  async () => {
    const port = await listen();
    const watch = new Watch(resolveTcpOptions());
    const socket = watch.open(() => net.connect(port, '127.0.0.1'));
    await once(socket, 'connect');
    const startedAt = performance.now();
    await expect(watch.probe()).resolves.toBe('alive');
    // The kernel can't ask before the peer has been silent for a second.
    expect(performance.now() - startedAt).toBeGreaterThan(500);
    watch.end();
    socket.destroy();
  },
);

test('a connection’s report tells what the kernel knows of its sockets, when it is asked', async () => {
  const { pool, sockets } = await poolOf(1);
  const [report] = pool.connections();
  expect(report?.sockets()).toMatchObject([{ peer: `127.0.0.1:${sockets[0].remotePort}` }]);
  sockets[0].destroy();
  expect(report?.sockets()).toEqual([]);
});
