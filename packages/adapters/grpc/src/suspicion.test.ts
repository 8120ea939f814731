import { once } from 'node:events';
import type { Socket } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from './client.js';
import { EchoClient, openedSockets, say, startEcho, untilClosed } from './echo.fixture.js';

const suspects = vi.hoisted(() => new Set<object>());
const kernel = vi.hoisted(() => ({ asked: 0 }));

/** As if the kernel had two probes unanswered on some sockets. The kernel’s own word is in test/faults. */
vi.mock('@lifeguard/tcp', async (importOriginal) => {
  const actual = await importOriginal<typeof import('@lifeguard/tcp')>();
  const verdict = (socket: Socket) => {
    kernel.asked += 1;
    return suspects.has(socket) ? 'suspect' : actual.verdict(socket);
  };
  return { ...actual, verdict };
});

// What the kernel has said is believed for a moment: only the clock is the test's.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  suspects.clear();
});

/** From here on the kernel is asked again. */
const aMomentLater = () => vi.setSystemTime(Date.now() + 10);

async function open(channels: number): Promise<EchoClient> {
  const { address } = await startEcho();
  const client = createClient(EchoClient, address, credentials.createInsecure(), { channels });
  onTestFinished(() => client.close());
  return client;
}

test('a call avoids a connection that is suspected, and comes back when it is not any more', async () => {
  const sockets = openedSockets();
  const client = await open(2);
  await Promise.all([say(client, 'one'), say(client, 'two')]);
  const [first, second] = sockets;
  suspects.add(first ?? {});
  aMomentLater();
  const before = second?.bytesWritten ?? 0;
  await say(client, 'x'.repeat(5000));
  expect((second?.bytesWritten ?? 0) - before).toBeGreaterThan(5000);
  suspects.clear();
  aMomentLater();
  const earlier = first?.bytesWritten ?? 0;
  await say(client, 'x'.repeat(5000));
  expect((first?.bytesWritten ?? 0) - earlier).toBeGreaterThan(5000);
  expect(sockets).toHaveLength(2);
});

test('if all are suspected the call opens a new connection; the one that it replaces is closed', async () => {
  const sockets = openedSockets();
  const client = await open(2);
  await Promise.all([say(client, 'one'), say(client, 'two')]);
  for (const socket of sockets) suspects.add(socket);
  aMomentLater();
  await expect(say(client, 'three')).resolves.toBe('three');
  expect(sockets).toHaveLength(3);
  const [first] = sockets;
  if (first) await untilClosed(first);
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
});

test('a call on a connection that is suspected is left to it, and the connection to the call', async () => {
  const sockets = openedSockets();
  const client = await open(1);
  const chat = client.chat();
  chat.write({ text: 'a' });
  await once(chat, 'data');
  suspects.add(sockets[0] ?? {});
  aMomentLater();
  await expect(say(client, 'elsewhere')).resolves.toBe('elsewhere');
  expect(sockets).toHaveLength(2);
  // It was a false alarm.
  suspects.clear();
  chat.write({ text: 'b' });
  chat.end();
  await expect(chat.toArray()).resolves.toEqual([{ text: 'b' }]);
  const [first] = sockets;
  if (first) await untilClosed(first);
  await expect(say(client, 'still here')).resolves.toBe('still here');
  expect(sockets).toHaveLength(2);
});

test('in the same moment the kernel is asked once, however many the calls', async () => {
  const client = await open(1);
  await say(client, 'first');
  aMomentLater();
  const before = kernel.asked;
  await Promise.all([say(client, 'one'), say(client, 'two'), say(client, 'three')]);
  expect(kernel.asked - before).toBe(1);
});

test('the kernel is asked again when the clock was set back', async () => {
  const client = await open(1);
  await say(client, 'first');
  const before = kernel.asked;
  vi.setSystemTime(Date.now() - 60_000);
  await say(client, 'long ago');
  expect(kernel.asked - before).toBe(1);
});
