// Beside the server, on the host `db`, where no fault of the cable reaches it: it sees when the server accepts
// connections and how many it has, and ends some of them.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { serve } from './calls.js';

export type ObserverOperations = {
  /** Where the server is. */
  attend(server: pg.ClientConfig): void;
  /** Resolves once the server accepts connections. */
  untilAccepting(): Promise<void>;
  /** How many connections the server has, the observer’s own left out. */
  connections(): Promise<number>;
  /** Has the server end some of its connections at random, by SIGTERM to their processes. */
  terminateSome(): Promise<void>;
  /**
   * Kills the process of one connection, the observer’s own only if there is no other, as the out-of-memory killer would: the server then ends all others, and starts
   * anew. Resolves once it has begun to.
   */
  crash(): Promise<void>;
};

const BACKENDS = `FROM pg_stat_activity WHERE backend_type = 'client backend'`;
const NOT_MINE = 'pid <> pg_backend_pid()';
const RETRY_MILLIS = 10;

let config: pg.ClientConfig = {};

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function ask<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = await connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

serve({
  attend(server) {
    config = server;
  },

  async untilAccepting() {
    for (;;) {
      try {
        await (await connect()).end();
        return;
      } catch {
        await delay(RETRY_MILLIS);
      }
    }
  },

  async connections() {
    const [row] = await ask<{ count: string }>(`SELECT count(*) ${BACKENDS} AND ${NOT_MINE}`);
    return Number(row?.count);
  },

  async terminateSome() {
    await ask(
      `SELECT pg_terminate_backend(pid) FROM (SELECT pid ${BACKENDS} AND ${NOT_MINE}) AS all_of_them WHERE random() < 0.5`,
    );
  },

  async crash() {
    const witness = await connect();
    const ended = new Promise((resolve) => witness.once('end', resolve));
    const { rows } = await witness.query<{ pid: number }>(
      `SELECT pid ${BACKENDS} ORDER BY pid = pg_backend_pid(), random()`,
    );
    process.kill(Number(rows[0]?.pid), 'SIGKILL');
    await ended;
  },
} satisfies ObserverOperations);
