import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pool } from '@lifeguard/pg';
import { configure } from './config.js';
import { Orders } from './orders.js';
import { createOrderServer } from './server.js';

/** Who stops a service usually kills it after a while. Better to end by ourselves before that. */
const SHUTDOWN_MILLIS = 20_000;

async function main(): Promise<void> {
  const { port, pool } = configure(process.env);
  const orders = new Orders(pool);
  await orders.prepare();

  const server = createOrderServer(orders).listen(port);
  await once(server, 'listening');
  console.log(`listening on port ${(server.address() as AddressInfo).port}`);

  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  console.log(`shutting down on ${signal}`);
  setTimeout(() => fail('shutting down took too long'), SHUTDOWN_MILLIS).unref();
  await shutDown(server, pool);
}

/** Accepts no more requests, finishes those under way, then closes the connections to the database. */
async function shutDown(server: Server, pool: Pool): Promise<void> {
  server.close();
  await once(server, 'close');
  await pool.end();
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
