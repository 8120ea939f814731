// Queries through a pool, against a real server: what is left of a pool's price when there is work to do.
import { measureInSittings, ratioOfSittings, spreadOfSittings } from './sittings.mjs';
import { judge } from './target.mjs';
import { turnsOf } from './turns.mjs';

/** @typedef {import('./sittings.mjs').Cases} Cases */

const CONNECTIONS = 10;
const CALLERS = [10, 50];
export const OURS = '@lifeguard/pg';
export const THEIRS = 'pg.Pool';
export const BARE = 'clients, no pool';

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureQueries({ quick, tell }) {
  const args = [CONNECTIONS, CALLERS, turnsOf(quick)];
  const cases = await measureInSittings('queries-child.mjs', args, { quick, tell });
  return { tables: [tableOf(cases)], targets: targetsOf(cases) };
}

/**
 * @param {Cases} cases by the number of callers
 * @returns {import('./table.mjs').Table}
 */
function tableOf(cases) {
  const rows = [OURS, THEIRS, BARE].map((name) => {
    const cells = [...cases].map(([callers, rounds]) => {
      const theirs = rounds.get(name) ?? [];
      // The ratio of rates is the inverse of that of times.
      const ratio = ratioOfSittings(theirs, rounds.get(OURS) ?? []);
      return [`${callers} callers`, { value: 1e9 / spreadOfSittings(theirs).median, ratio }];
    });
    return { name, cells: Object.fromEntries(cells) };
  });
  const title = `SELECT 1, loopback PostgreSQL, ${CONNECTIONS} connections`;
  return { name: 'queries', title, unit: 'queries/s', ratio: "Lifeguard's rate beside this one's", rows };
}

/** @param {Cases} cases by the number of callers */
function targetsOf(cases) {
  return [...cases].map(([callers, rounds]) =>
    judge({
      what: `queries per second, ${callers} callers`,
      of: "rate, beside pg.Pool's",
      bound: 'at least',
      limit: 1,
      measured: ratioOfSittings(rounds.get(THEIRS) ?? [], rounds.get(OURS) ?? []),
    }),
  );
}
