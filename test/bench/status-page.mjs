// What a status page takes that is mounted and looked at: of the processor's time, beside the same pool with none.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool as PgPool } from '@lifeguard/pg';
import { statusPage } from '@lifeguard/status';
import { spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

const CONNECTIONS = 10;
const ROUNDS = 4;
/** The page takes a sample a second, and sends it to who looks on. */
const ROUND_MILLIS = 2000;
const MOST = 0.01;

/**
 * @param {import('@lifeguard/lab').Postgres} server
 * @param {boolean} quick
 */
export async function measureStatusPage({ connectionString }, quick) {
  const pool = new PgPool({ connectionString, max: CONNECTIONS, idleTimeoutMillis: 0 });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
  const added = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
    const alone = await busyShare();
    const page = statusPage();
    const viewer = look(page);
    const withPage = await busyShare();
    page.close();
    await viewer;
    added.push(withPage - alone);
  }
  await pool.end();
  return judge({
    what: `a status page, looked at, ${CONNECTIONS} connections`,
    of: "what is added to the process's processor time, beside the time that passes",
    bound: 'at most',
    limit: MOST,
    measured: spreadOf(added),
  });
}

/** Reads the stream of updates, as a browser does, until the page is closed. @param {import('@lifeguard/status').StatusPage} page */
async function look(page) {
  const { body } = page.fetch(new Request('http://status.test/', { headers: { accept: 'text/event-stream' } }));
  for await (const _ of body ?? []);
}

/** How much of a while this process was busy. */
async function busyShare() {
  const before = process.cpuUsage();
  await delay(ROUND_MILLIS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ROUND_MILLIS;
}
