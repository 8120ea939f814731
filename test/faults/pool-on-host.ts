import type { Host, PgBouncer, Postgres } from '@lifeguard/lab';
import { Remote } from '../soak/calls.js';

/** What became of a query. */
export interface Asked {
  readonly value?: number;
  readonly error?: string;
  readonly tookMillis: number;
}

/** What `pool-client.mjs` does. */
type Operations = {
  open(server: object, options: object): Promise<void>;
  ask(text: string, values: readonly unknown[]): Promise<Asked>;
  askLength(length: number): Promise<Asked>;
  look(): { log: string[]; size: number; available: number; borrowed: number; pending: number };
  close(): Promise<void>;
};

export type PoolOnHost = Remote<Operations>;

/** A program on a host that holds a pool, all of whose connections are open. */
export async function openPoolOn(host: Host, server: Postgres | PgBouncer, options: object): Promise<PoolOnHost> {
  const program = new URL('./pool-client.mjs', import.meta.url);
  const remote = new Remote<Operations>(await host.node(program, [], { stdio: ['ignore', 'inherit', 'inherit'] }));
  const { port, user, password, database } = server;
  await remote.call('open', { host: server.host, port, user, password, database, ssl: false }, options);
  return remote;
}
