// What the drivers' own pools and clients do in a second, through our adapters and without them.
import { existsSync } from 'node:fs';
import { LabUnavailableError } from '@lifeguard/lab';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

/**
 * What one of the modules in `adapters/` prepares: the same work, through our adapter and through the driver alone, on
 * CONNECTIONS connections if it is a pool's.
 *
 * @typedef {object} Pair
 * @property {Operator} own
 * @property {Operator} stock
 * @property {() => Promise<void>} close ends both, and their server
 */

/** @typedef {{ name: string, operate: () => Promise<unknown> }} Operator */

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
const OPERATIONS = 200;
/** Short and many: see queries.mjs. */
const EFFORT = { rounds: 40, sliceMillis: 20 };
const LEAST_RATIO = 0.97;

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureAdapters({ quick, effort, tell }) {
  const tables = [];
  const targets = [];
  const partsLeftOut = [];
  for (const name of NAMES) {
    const pair = await prepare(name);
    if (typeof pair === 'string') {
      tell(`${name} is left out: ${pair}`);
      partsLeftOut.push({ section: `adapters, ${name}`, reason: pair });
      continue;
    }
    tell(name);
    const rounds = await measurePair(pair, quick ? effort : EFFORT);
    await pair.close();
    tables.push(tableOf(name, pair, rounds));
    targets.push(...targetsOf(pair, rounds));
  }
  return { tables: tables.length === 0 ? [] : [joined(tables)], targets, partsLeftOut };
}

/**
 * @param {string} name
 * @returns {Promise<Pair | string>} or why there is none
 */
async function prepare(name) {
  const module = new URL(`adapters/${name}.mjs`, import.meta.url);
  if (!existsSync(module)) return 'nobody has written how';
  try {
    return await (await import(module.href)).prepare();
  } catch (error) {
    if (error instanceof LabUnavailableError) return error.message;
    throw error;
  }
}

/**
 * @param {Pair} pair
 * @param {import('./rounds.mjs').Effort} effort
 * @returns {Promise<Map<number, Map<string, number[]>>>} by the number of callers
 */
async function measurePair({ own, stock }, effort) {
  const rounds = new Map();
  for (const callers of CALLERS) {
    const contestants = new Map([own, stock].map((each) => [each.name, working(callers, each)]));
    rounds.set(callers, await measureInRounds(contestants, effort));
  }
  return rounds;
}

/**
 * @param {number} callers
 * @param {Operator} operator
 */
function working(callers, { operate }) {
  const turns = Math.ceil(OPERATIONS / callers);
  const call = async () => {
    for (let turn = 0; turn < turns; turn += 1) await operate();
  };
  return { run: () => Promise.all(Array.from({ length: callers }, call)), operations: callers * turns };
}

/**
 * @param {string} name
 * @param {Pair} pair
 * @param {Map<number, Map<string, number[]>>} rounds
 */
function tableOf(name, { own, stock }, rounds) {
  return [own, stock].map((each) => {
    const cells = [...rounds].map(([callers, values]) => {
      const mine = values.get(each.name) ?? [];
      // The ratio of rates is the inverse of that of times.
      const ratio = ratioOf(mine, values.get(own.name) ?? []);
      const value = 1e9 / spreadOf(mine).median;
      return [`${callers} callers`, each === own ? { value } : { value, ratio }];
    });
    return { name: each === own ? name : `  ${each.name}`, cells: Object.fromEntries(cells) };
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

/**
 * @param {Pair} pair
 * @param {Map<number, Map<string, number[]>>} rounds
 */
function targetsOf({ own, stock }, rounds) {
  return [...rounds].map(([callers, values]) =>
    judge({
      what: `${own.name}, ${callers} callers`,
      of: `rate, beside that of ${stock.name}`,
      bound: 'at least',
      limit: LEAST_RATIO,
      measured: ratioOf(values.get(stock.name) ?? [], values.get(own.name) ?? []),
    }),
  );
}
