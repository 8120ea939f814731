import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

test('of two connects for one place the second is closed when it arrives', async () => {
  const server = net.createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrivals: (() => void)[] = [];
  const destroyed: number[] = [];
  const pool = createPool(
    {
      // The peer's kernel answers, and its server is slow to greet.
      create: async () => {
        const id = arrivals.length;
        const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
        await new Promise<void>((resolve) => arrivals.push(resolve));
        return { id, socket };
      },
      destroy: ({ id, socket }) => {
        destroyed.push(id);
        socket.destroy();
      },
    },
    { max: 1, logger },
  );
  const acquired = pool.acquire();
  await expect.poll(() => arrivals.length, { timeout: 3000 }).toBe(2);
  for (const arrive of arrivals) arrive();
  const lent = await acquired;
  await expect.poll(() => pool.stats().evicted).toEqual({ surplus: 1 });
  expect(destroyed).toEqual([1 - lent.id]);
  expect(pool.size).toBe(1);
  await pool.release(lent);
  await pool.close();
  await new Promise((resolve) => server.close(resolve));
});
