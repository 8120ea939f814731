import { type Cable, Lab, type Postgres, startPostgres } from '@lifeguard/lab';
import type pg from 'pg';
import { Remote } from './calls.js';
import type { ClientOperations, Eviction } from './client.js';
import type { ObserverOperations } from './observer.js';

/** A service, its database, and the cable between them. */
export interface Stage {
  readonly cable: Cable;
  readonly postgres: Postgres;
  /** As the service is to connect. */
  readonly server: pg.ClientConfig;
  readonly client: Remote<ClientOperations, Eviction>;
  readonly observer: Remote<ObserverOperations>;
  /** Ends all that runs there. */
  close(): Promise<void>;
}

/**
 * The server, too, sees to it that no connection stays whose client is gone: it asks, and the client's kernel answers
 * that it knows nothing of it. Its patience is longer than any cut of the cable.
 */
const SERVER_SETTINGS = {
  tcp_keepalives_idle: '2',
  tcp_keepalives_interval: '1',
  tcp_keepalives_count: '10',
  max_connections: '300',
};

/** Messages of the programs go to stderr: stdout belongs to the report. */
const STDIO = { stdio: ['ignore', 2, 2] } as const;

/** @throws LabUnavailableError where no lab can be made */
export async function openStage(onEvict: (eviction: Eviction) => void): Promise<Stage> {
  const lab = await Lab.create();
  try {
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const postgres = await startPostgres(db, { settings: SERVER_SETTINGS });
    const { host, port, user, password, database } = postgres;
    // Said, because PGSSLMODE in the environment must not matter.
    const server = { host, port, user, password, database, ssl: false };
    const client = new Remote<ClientOperations, Eviction>(await app.node(program('client'), [], STDIO), onEvict);
    const observer = new Remote<ObserverOperations>(await db.node(program('observer'), [], STDIO));
    await observer.call('attend', server);
    return { cable: lab.cable('app', 'db'), postgres, server, client, observer, close: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

function program(name: 'client' | 'observer'): URL {
  return new URL(`./${name}.js`, import.meta.url);
}
