import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { resolveTcpOptions } from '@lifeguard/tcp';
import { expect, onTestFinished, test } from 'vitest';
import { hardened } from './connect.js';

interface Told {
  readonly timeout: number | undefined;
  readonly clientProperties: object;
  readonly recovery: { readonly calculateDelay?: (attempt: number) => number; readonly maxDelay?: number };
}

function tell(options: object): Told {
  return hardened(options, { tcp: resolveTcpOptions(), hear: () => {} }) as Told;
}

test.each([
  ['left out', {}, 10_000],
  ['undefined', { timeout: undefined }, 10_000],
  ['given', { timeout: 3000 }, 3000],
  ['off', { timeout: 0 }, 0],
])('a handshake is bounded unless the caller says otherwise: a timeout that is %s', (_, options, expected) => {
  expect(tell(options).timeout).toBe(expected);
});

test('with LIFEGUARD_ENABLED off nothing is bounded by us, not even for a pool of channels', async () => {
  const url = new URL('../dist/connect.js', import.meta.url).href;
  const program = `
    import net from 'node:net';
    const { hardened } = await import(${JSON.stringify(url)});
    const options = hardened({}, { tcp: {}, hear: () => {} });
    Object.keys(options.clientProperties);
    const socket = net.connect(1, '127.0.0.1').on('error', () => {});
    console.log(JSON.stringify([options.timeout ?? null, socket.listenerCount('connectionAttempt')]));
  `;
  const env = { PATH: process.env['PATH'], LIFEGUARD_ENABLED: 'off' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env });
  expect(JSON.parse(stdout)).toEqual([null, 0]);
});

/** As amqplib does it: the properties are read, and then it connects. */
async function fail(told: Told, port: number): Promise<void> {
  Object.keys(told.clientProperties);
  const socket: Socket = net.connect(port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.resume().once('close', resolve));
}

test('a recovery spares a server that answers and declines, and does not wait long for one that is away', async () => {
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const told = tell({ recovery: true });
  const pause = (attempt: number) => told.recovery.calculateDelay?.(attempt) ?? Number.NaN;
  await fail(told, port);
  expect(pause(100)).toBeGreaterThanOrEqual(1600);
  expect(pause(1)).toBeLessThanOrEqual(50);
  server.close();
  await once(server, 'close');
  await fail(told, port);
  expect(pause(100)).toBeLessThanOrEqual(800);
});

test('pauses of the caller’s own are left to amqplib', () => {
  expect(tell({ recovery: { maxDelay: 5000 } }).recovery).toMatchObject({ maxDelay: 5000 });
  expect(tell({ recovery: { maxDelay: 5000 } }).recovery.calculateDelay).toBeUndefined();
  expect(tell({ recovery: { maxDelay: undefined } }).recovery.calculateDelay).toBeTypeOf('function');
});
