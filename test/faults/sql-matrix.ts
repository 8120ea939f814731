import { type Host, MariaDb, startMariaDb } from '@lifeguard/lab';
import { expect } from 'vitest';
import { type Promises, rootOf } from './service.js';
import type { Matrix, Servers } from './test-faults.js';

interface Driver {
  /** What else the driver calls it when the server ends a connection. */
  readonly lost: readonly string[];
  /** What the driver's pool calls a connection that was not to be had in time. */
  readonly tooLate: string;
}

/** The same after a power failure. */
const OPTIONS = { port: 3306, password: 'known', tls: true };

export const MYSQL2: Matrix = {
  adapter: 'mysql2',
  program: new URL('./mysql2-client.mjs', import.meta.url),
  unavailable: MariaDb.available(),
  start,
  ...promisesOf({ lost: ['PROTOCOL_CONNECTION_LOST'], tooLate: 'ERR_POOL_ACQUIRE_TIMEOUT' }),
};

export const MARIADB: Matrix = {
  adapter: 'mariadb',
  program: new URL('./mariadb-client.mjs', import.meta.url),
  unavailable: MariaDb.available(),
  start,
  ...promisesOf({
    lost: ['ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CMD_CONNECTION_CLOSED'],
    tooLate: 'ER_GET_CONNECTION_TIMEOUT',
  }),
};

async function start(where: Host): Promise<Servers> {
  const mariaDb = await startMariaDb(where, OPTIONS);
  const { host, port, user, password, database } = mariaDb;
  return {
    access: { server: { host, port, user, password, database } },
    kill: () => mariaDb.kill(),
    restart: () => mariaDb.restart(),
  };
}

function promisesOf({ lost, tooLate }: Driver): Promises {
  return {
    // 2 transports x 3 states with connections x 2 each.
    sockets: 12,
    callers: 2,
    expectError(fault, state, told, cell) {
      const { code } = rootOf(told);
      if (state === 'connecting') {
        expect(told.code, cell).toBe(tooLate);
        // Older promises of mysql2 hand on what an error says, and not its cause.
        const said = /connects have been failing: (\w+)/.exec(told.message)?.[1];
        expect(fault.refuses, cell).toContain(told.cause ? code : said);
      } else if (told.code !== undefined || !fault.silent) {
        expect([...fault.ends, ...(fault.silent ? [] : lost)], cell).toContain(code);
      } else {
        // An idle one that was closed because a sibling had died, or because its driver said that it had ended.
        expect(told.message, cell).toMatch(/^(unanswered|peer-closed)$/);
      }
    },
  };
}
