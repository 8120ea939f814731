import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { LABEL_FILE_LINK, parseLabels } from '@lifeguard/tcp/labels';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createPool, type PoolOptions } from './index.js';

async function openPool(options: PoolOptions, factoryName?: string) {
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const create = async (): Promise<Socket> => {
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const destroy = (socket: Socket) => socket.destroy();
  const pool = createPool(
    { create, destroy, ...(factoryName !== undefined && { name: factoryName }) },
    { min: 2, ...options },
  );
  onTestFinished(async () => {
    await pool.close();
    server.close();
  });
  await pool.ready();
  return pool;
}

/** As somebody outside reads them: how many sockets of this process have which label. */
function countLabels(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const label of readFile()?.values() ?? []) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function readFile(): ReadonlyMap<string, string> | undefined {
  const path = readdirSync('/proc/self/fd')
    .map((fd) => `/proc/self/fd/${fd}`)
    .find((each) => {
      try {
        return readlinkSync(each) === LABEL_FILE_LINK;
      } catch {
        return false;
      }
    });
  return path === undefined ? undefined : parseLabels(readFileSync(path));
}

const isLinux = process.platform === 'linux';
if (!isLinux) console.warn('left out: names seen from outside, which takes Linux');

test.runIf(isLinux)('sockets have the name of their pool on them, until they are closed', async () => {
  const orders = await openPool({ name: 'orders' });
  const sessions = await openPool({ min: 1 }, 'sessions');
  await vi.waitFor(() => expect(countLabels()).toEqual({ orders: 2, sessions: 1 }), 5000);
  await orders.close();
  await vi.waitFor(() => expect(countLabels()).toEqual({ sessions: 1 }), 5000);
  await sessions.close();
  await vi.waitFor(() => expect(readFile()).toBeUndefined(), 5000);
});
