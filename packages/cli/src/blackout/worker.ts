// The program of the processes in which the workload runs, one on each pool. Its parent tells it which.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import type { FromWorker, Opening } from './protocol.js';
import { POOL_MAX, type Queryable, Workload } from './workload.js';

interface ServicePool extends Queryable {
  on(event: 'error', listener: () => void): unknown;
}

async function serve(): Promise<void> {
  const [opening] = (await once(process, 'message')) as [Opening];
  const firstSocket = watchFirstSocket();
  const workload = new Workload(await openPool(opening), (query) => tell({ type: 'query', query }));
  await workload.fill();
  tell({ type: 'ready', tcp: inspect(await firstSocket)?.options ?? {} });
  await once(process, 'message');
  workload.start();
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

/** The pools as they come: they are told where the database is, and how many connections to open at most. */
async function openPool({ pool: name, database }: Opening): Promise<ServicePool> {
  // Only the pool that is asked for is loaded.
  const { Pool } = name === 'pg.Pool' ? (await import('pg')).default : await import('@lifeguard/pg');
  // The server speaks no TLS, and PGSSLMODE in the environment must not matter.
  const pool = new Pool({ ...database, ssl: false, max: POOL_MAX });
  // pg.Pool ends the process when an idle connection fails and nobody listens.
  pool.on('error', () => {});
  return pool;
}

function watchFirstSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const stop = onClientSocket((socket) => {
      stop();
      resolve(socket);
    });
  });
}

process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of a terminal. The parent decides.
process.on('SIGINT', () => {});

try {
  await serve();
} catch (error) {
  // For the parent, which passes it on.
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
