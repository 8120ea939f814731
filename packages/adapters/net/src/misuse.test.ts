import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { TEST_CERTIFICATE } from './certificate.fixture.js';
import { createPool } from './index.js';
import { ask, say, startServer } from './server.fixture.js';

const ignore = () => {};
const logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const LOANS = 500;

/** What borrowers do when they have had their answer, before they give the socket back as if nothing had happened. */
const HABITS: readonly ((socket: Socket) => unknown)[] = [
  ignore,
  (socket) => socket.pause(),
  (socket) => socket.resume(),
  (socket) => socket.setTimeout(1),
  (socket) => socket.unref(),
  (socket) => socket.on('data', ignore),
  (socket) => socket.setEncoding('hex'),
  (socket) => socket.cork(),
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => say(socket, 'end'),
  (socket) => say(socket, 'reset'),
  async (socket) => {
    await say(socket, 'say two lines');
    await once(socket, 'readable');
  },
  async (socket) => {
    const heard = once(socket, 'data');
    await say(socket, 'heard by a listener');
    await heard;
  },
];

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each(['plain', 'tls'] as const)(
  'whatever borrowers do, the next one has a socket that answers him, and nobody else: %s',
  async (transport) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    const server = await startServer(transport);
    const options = { host: '127.0.0.1', port: server.port, logger, max: 4, destroyTimeoutMillis: 500 };
    const pool = createPool({
      ...options,
      ...(transport === 'tls' && { tls: { ca: TEST_CERTIFICATE } }),
    } as typeof options);
    let wrong = 0;
    let lost = 0;
    const borrow = async (index: number) => {
      const habit = HABITS[Math.floor(random() * HABITS.length)] ?? ignore;
      const socket = await pool.acquire();
      const question = `loan ${index}`;
      try {
        // The server may end or reset a connection just now, as it was asked to by the borrower before.
        if ((await ask(socket, question)) !== `${question}\n`) wrong += 1;
        await habit(socket);
      } catch (error) {
        lost += 1;
        await pool.release(socket, error);
        return;
      }
      await pool.release(socket);
    };
    const borrowers = Array.from({ length: 8 }, async (_, borrower) => {
      for (let index = borrower; index < LOANS; index += 8) await borrow(index);
    });
    await Promise.all(borrowers);
    const closed = Array.from(server.sockets, (socket) => once(socket, 'close').catch(ignore));
    await pool.close();
    await Promise.all(closed);
    expect(wrong).toBe(0);
    expect(lost).toBeLessThan(LOANS / 4);
    expect(pool.stats().created).toBeGreaterThan(50);
    await expect.poll(() => server.sockets.size).toBe(0);
  },
);
