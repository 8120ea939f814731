// The program of the processes in which the workload runs, one for each contender. Its parent tells it which.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import { readSysctls } from '../doctor/sysctls.js';
import { DRIVERS } from './drivers/drivers.js';
import { KernelSampler } from './page/kernel-sampler.js';
import type { FromWorker, Opening } from './protocol.js';
import { endWithParent } from './servers/end-with-parent.js';
import { Workload } from './workload.js';

async function serve(): Promise<void> {
  const [{ driver, side, address }] = (await once(process, 'message')) as [Opening];
  const contender = DRIVERS[driver][side];
  const firstSocket = watchFirstSocket();
  new KernelSampler((sample) => tell({ type: 'sockets', sample }));
  const workload = new Workload(await contender.open(address), (query) => tell({ type: 'query', query }));
  await workload.fill();
  tell({ type: 'ready', tcp: inspect(await firstSocket)?.options ?? {}, sysctls: readSysctls() });
  await once(process, 'message');
  workload.start();
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

function watchFirstSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const stop = onClientSocket((socket) => {
      stop();
      resolve(socket);
    });
  });
}

endWithParent();

try {
  await serve();
} catch (error) {
  // For the parent, which passes it on.
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
