import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { capabilities } from '@lifeguard/tcp';
import { expect, it, onTestFinished } from 'vitest';
import type { SocketsSample } from './connections.js';
import { KernelSampler } from './kernel-sampler.js';

const { tcpInfo } = capabilities().supported;
const left = tcpInfo.ok || process.env['CI'] === 'true' ? undefined : tcpInfo.reason;
if (left) console.warn(`left out: what the kernel tells of sockets: ${left}`);

it.skipIf(left !== undefined)('tells of each client socket while it is there', async () => {
  const samples: SocketsSample[] = [];
  let tell = () => {};
  new KernelSampler((sample) => {
    samples.push(sample);
    tell();
  });
  const untilTold = (count: number) =>
    new Promise<void>((resolve) => {
      tell = () => samples.at(-1)?.sockets.length === count && resolve();
    });

  const server = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')] as const;
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await untilTold(2);
  expect(samples.at(-1)?.sockets).toEqual([
    { id: 0, connecting: false, retransmits: 0, probes: 0, unacked: 0 },
    { id: 1, connecting: false, retransmits: 0, probes: 0, unacked: 0 },
  ]);
  sockets[0].destroy();
  await untilTold(1);
  expect(samples.at(-1)?.sockets).toMatchObject([{ id: 1 }]);
  sockets[1].destroy();
});
