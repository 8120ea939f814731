import { type MariaDb, startMariaDb } from '@lifeguard/lab';
import mysql, { type Connection } from 'mysql2/promise';
import { onTestFinished } from 'vitest';

// A MariaDB for those who bring it into trouble behind the back of a pool.

const PLACES = 40;

/** One with few places. */
export function startSmallMariaDb(password: string): Promise<MariaDb> {
  const settings = { 'max-connections': String(PLACES), 'max-connect-errors': '10000' };
  return startMariaDb('loopback', { tls: true, password, settings });
}

/** Does something as another client of the server. */
export async function asAdministrator<R>(server: MariaDb, work: (client: Connection) => Promise<R>): Promise<R> {
  const client = await mysql.createConnection(server.connectionString);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Takes all places, until the function that it resolves with is called, or the test ends. */
export async function takeAllPlaces(server: MariaDb): Promise<() => Promise<unknown>> {
  // One more than there is room for: the last place is kept for an administrator, which we are.
  const attempts = Array.from({ length: PLACES + 2 }, () => mysql.createConnection(server.connectionString));
  const takers = (await Promise.allSettled(attempts)).flatMap((each) =>
    each.status === 'fulfilled' ? each.value : [],
  );
  const leave = () => Promise.all(takers.splice(0).map((taker) => taker.end()));
  onTestFinished(async () => void (await leave()));
  return leave;
}

/** A user who may change the tables, of which one, `written`, has a column of numbers; but not once the server is read-only. */
export async function addUser(server: MariaDb): Promise<{ user: string; password: string }> {
  const login = { user: 'app', password: 'x' };
  await asAdministrator(server, async (administrator) => {
    await administrator.query("CREATE OR REPLACE USER ?@'%' IDENTIFIED BY ?", [login.user, login.password]);
    await administrator.query("GRANT ALL ON test.* TO ?@'%'", [login.user]);
    await administrator.query('CREATE OR REPLACE TABLE written (n INT)');
  });
  return login;
}

/** Until the test ends. */
export async function makeReadOnly(server: MariaDb): Promise<void> {
  const set = (value: number) =>
    asAdministrator(server, (administrator) => administrator.query(`SET GLOBAL read_only = ${value}`));
  await set(1);
  onTestFinished(async () => void (await set(0)));
}
