import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Refusal } from '@lifeguard/tcp';
import { expect, test, vi } from 'vitest';
import { silentLogger } from './logger.fixture.js';
import { createPool } from './pool.js';

const refused: Refusal[] = [
  { option: 'userTimeoutMillis', wanted: 10_000, got: undefined, errno: 'EINVAL', reason: 'the kernel refused it' },
];

/** A kernel that refuses an option. */
vi.mock('@lifeguard/tcp', async (original) => ({
  ...(await original<object>()),
  harden: () => ({ state: 'partial', effective: {}, refused }),
}));

test('what the platform refuses stands in the log, once', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const create = async () => {
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const warnings: [object, string][] = [];
  const logger = { ...silentLogger, warn: (fields: object, message: string) => void warnings.push([fields, message]) };
  const pool = createPool({ create, destroy: (socket: net.Socket) => socket.destroy() }, { logger });
  const both = await Promise.all([pool.acquire(), pool.acquire()]);
  for (const each of both) await pool.release(each);
  await pool.close();
  await new Promise((resolve) => server.close(resolve));
  expect(warnings).toEqual([[expect.objectContaining({ refused }), 'not all TCP options could be set']]);
});
