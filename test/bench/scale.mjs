// Whether a pool of many connections lends as fast as a small one.
import { loopbackSockets, objects } from './connections.mjs';
import { lifeguard, peers } from './contenders.mjs';
import { borrowAll, borrowLoop, returnAll, rotationLoop } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {import('./table.mjs').Table} Table */

const SIZES = [10, 100, 1000, 10_000];
const MOST_BESIDE_SMALLEST = 1.5;
const LOANS = 10_000;

const CASES = [
  { name: 'one-after-another', title: 'acquire + release, one borrower after another, all connections idle', lent: 0 },
  { name: 'rotation', title: 'acquire + release of the oldest loan, half of the connections lent', lent: 1 / 2 },
];

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureScale({ quick, effort, tell }) {
  const sizes = quick ? SIZES.slice(0, -1) : SIZES;
  const { factory, stop } = await loopbackSockets();
  const tables = [];
  const targets = [];
  tell(`opening pools of ${sizes.join(', ')}`);
  const open = await openAll(sizes, factory);
  for (const { name, title, lent } of CASES) {
    tell(name);
    for (const entry of open) entry.held = await borrowAll(entry.contender, entry.pool, entry.size * lent);
    const contestants = new Map(open.map((entry) => [entry.key, lent > 0 ? rotating(entry) : borrowing(entry)]));
    const rounds = await measureInRounds(contestants, effort);
    for (const { contender, pool, held } of open) returnAll(contender, pool, held);
    tables.push(tableOf(name, title, sizes, rounds));
    const [smallest = 0] = sizes;
    const largest = sizes.at(-1) ?? 0;
    const valuesOf = (/** @type {number} */ size) => rounds.get(keyOf(lifeguard, size)) ?? [];
    targets.push(
      judge({
        what: `${columnOf(largest)}, ${name.replaceAll('-', ' ')}`,
        of: `time, beside that of ${columnOf(smallest)}`,
        bound: 'at most',
        limit: MOST_BESIDE_SMALLEST,
        measured: ratioOf(valuesOf(largest), valuesOf(smallest)),
      }),
    );
  }
  for (const { contender, pool } of open) await contender.close(pool);
  await stop();
  return { tables, targets };
}

/**
 * @typedef {object} OpenPool
 * @property {string} key
 * @property {Contender} contender
 * @property {number} size
 * @property {any} pool
 * @property {object[]} held what is lent
 */

/**
 * @param {readonly number[]} sizes
 * @param {import('./contenders.mjs').ConnectionFactory} sockets
 */
async function openAll(sizes, sockets) {
  /** @type {OpenPool[]} */
  const open = [];
  for (const contender of [lifeguard, ...peers]) {
    for (const size of sizes) {
      const pool = contender.open(size, contender === lifeguard ? sockets : objects);
      returnAll(contender, pool, await borrowAll(contender, pool, size));
      open.push({ key: keyOf(contender, size), contender, size, pool, held: [] });
    }
  }
  return open;
}

/** @param {OpenPool} open */
function borrowing({ contender, pool }) {
  const loop = borrowLoop(contender);
  return { run: () => loop(pool, LOANS), operations: LOANS };
}

/** @param {OpenPool} open */
function rotating({ contender, pool, held }) {
  const loop = rotationLoop(contender);
  return { run: () => loop(pool, LOANS, held), operations: LOANS };
}

/**
 * @param {string} name
 * @param {string} title
 * @param {readonly number[]} sizes
 * @param {Map<string, number[]>} rounds
 * @returns {Table}
 */
function tableOf(name, title, sizes, rounds) {
  const [smallest = 0] = sizes;
  const rows = [lifeguard, ...peers].map((contender) => {
    const cells = sizes.map((size) => {
      const values = rounds.get(keyOf(contender, size)) ?? [];
      const ratio = ratioOf(values, rounds.get(keyOf(contender, smallest)) ?? []);
      return [columnOf(size), { value: spreadOf(values).median, ratio }];
    });
    return { name: contender.name, cells: Object.fromEntries(cells) };
  });
  return { name, title, unit: 'ns', ratio: `beside the same pool with ${columnOf(smallest)}`, rows };
}

/**
 * @param {Contender} contender
 * @param {number} size
 */
function keyOf({ name }, size) {
  return `${name}, ${size}`;
}

/** @param {number} size */
function columnOf(size) {
  return `${size.toLocaleString('en')} connections`;
}
