// What the drivers' own pools and clients do in a second, through our adapters and without them.
import { LabUnavailableError } from '@lifeguard/lab';
import { measureInSittings, ratioOfSittings, spreadOfSittings } from './sittings.mjs';
import { judge } from './target.mjs';
import { turnsOf } from './turns.mjs';

/** @typedef {import('./sittings.mjs').Cases} Cases */

const NAMES = [
  'mysql2',
  'mariadb',
  'ioredis',
  'redis',
  'grpc',
  'grpc-one',
  'net',
  'http',
  'http-dispatcher',
  'nats',
  'amqplib',
];
const CALLERS = [10, 50];
const LEAST_RATIO = 0.97;

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureAdapters({ quick, tell }) {
  const tables = [];
  const targets = [];
  const partsLeftOut = [];
  for (const name of NAMES) {
    try {
      const options = { quick, tell: (/** @type {string} */ text) => tell(`${name}, ${text}`) };
      const cases = await measureInSittings('adapters-child.mjs', [name, CALLERS, turnsOf(quick)], options);
      tables.push(tableOf(name, cases));
      targets.push(...targetsOf(cases));
    } catch (error) {
      if (!(error instanceof LabUnavailableError)) throw error;
      tell(`${name} is left out: ${error.message}`);
      partsLeftOut.push({ section: `adapters, ${name}`, reason: error.message });
    }
  }
  return { tables: tables.length === 0 ? [] : [joined(tables)], targets, partsLeftOut };
}

/**
 * @param {string} name
 * @param {Cases} cases by the number of callers
 */
function tableOf(name, cases) {
  const [own = '', stock = ''] = namesIn(cases);
  return [own, stock].map((each) => {
    const cells = [...cases].map(([callers, rounds]) => {
      const times = rounds.get(each) ?? [];
      // The ratio of rates is the inverse of that of times.
      const ratio = ratioOfSittings(times, rounds.get(own) ?? []);
      const value = 1e9 / spreadOfSittings(times).median;
      return [`${callers} callers`, each === own ? { value } : { value, ratio }];
    });
    return { name: each === own ? name : `  ${each}`, cells: Object.fromEntries(cells) };
  });
}

/**
 * @param {{ name: string, cells: Record<string, import('./table.mjs').Cell> }[][]} pairs
 * @returns {import('./table.mjs').Table}
 */
function joined(pairs) {
  const title = 'one small operation, a server on loopback: our adapter, and the driver alone under it';
  return {
    name: 'adapters',
    title,
    unit: 'operations/s',
    ratio: "the adapter's rate beside this one's",
    rows: pairs.flat(),
  };
}

/** @param {Cases} cases by the number of callers */
function targetsOf(cases) {
  const [own = '', stock = ''] = namesIn(cases);
  return [...cases].map(([callers, rounds]) =>
    judge({
      what: `${own}, ${callers} callers`,
      of: `rate, beside that of ${stock}`,
      bound: 'at least',
      limit: LEAST_RATIO,
      measured: ratioOfSittings(rounds.get(stock) ?? [], rounds.get(own) ?? []),
    }),
  );
}

/**
 * @param {Cases} cases
 * @returns {string[]} of the adapter, and of the driver alone
 */
function namesIn(cases) {
  return [...(cases.values().next().value?.keys() ?? [])];
}
