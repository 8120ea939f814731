// Whether a pool of many connections lends as fast as a small one.
import { lifeguard, peers } from './contenders.mjs';
import { measureInSittings, ratioOfSittings, spreadOfSittings } from './sittings.mjs';
import { judge } from './target.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {import('./table.mjs').Table} Table */
/** @typedef {ReadonlyMap<string, import('./sittings.mjs').Sittings>} Rounds by pool and size */

const SIZES = [10, 100, 1000, 10_000];
const MOST_BESIDE_SMALLEST = 1.5;
/** In each sitting, for where ten thousand connections come to lie in memory is decided anew in each process. */
const EFFORT = { rounds: 3, sliceMillis: 25 };

const CASES = [
  { name: 'one-after-another', title: 'acquire + release, one borrower after another, all connections idle', lent: 0 },
  { name: 'rotation', title: 'acquire + release of the oldest loan, half of the connections lent', lent: 1 / 2 },
];

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureScale({ quick, effort, tell }) {
  const sizes = quick ? SIZES.slice(0, -1) : SIZES;
  const found = await measureInSittings('scale-child.mjs', [CASES, sizes, quick ? effort : EFFORT], { quick, tell });
  /** @type {(name: string) => Rounds} */
  const roundsOf = (name) => found.get(name) ?? new Map();
  return {
    tables: CASES.map(({ name, title }) => tableOf(name, title, sizes, roundsOf(name))),
    targets: CASES.map(({ name }) => targetOf(name, sizes, roundsOf(name))),
  };
}

/**
 * @param {Contender} contender
 * @param {number} size
 */
export function keyOf({ name }, size) {
  return `${name}, ${size}`;
}

/**
 * @param {string} name
 * @param {string} title
 * @param {readonly number[]} sizes
 * @param {Rounds} rounds
 * @returns {Table}
 */
function tableOf(name, title, sizes, rounds) {
  const [smallest = 0] = sizes;
  const rows = [lifeguard, ...peers].map((contender) => {
    const cells = sizes.map((size) => {
      const values = rounds.get(keyOf(contender, size)) ?? [];
      const ratio = ratioOfSittings(values, rounds.get(keyOf(contender, smallest)) ?? []);
      return [columnOf(size), { value: spreadOfSittings(values).median, ratio }];
    });
    return { name: contender.name, cells: Object.fromEntries(cells) };
  });
  return { name, title, unit: 'ns', ratio: `beside the same pool with ${columnOf(smallest)}`, rows };
}

/**
 * @param {string} name
 * @param {readonly number[]} sizes
 * @param {Rounds} rounds
 */
function targetOf(name, sizes, rounds) {
  const [smallest = 0] = sizes;
  const largest = sizes.at(-1) ?? 0;
  const valuesOf = (/** @type {number} */ size) => rounds.get(keyOf(lifeguard, size)) ?? [];
  return judge({
    what: `${columnOf(largest)}, ${name.replaceAll('-', ' ')}`,
    of: `time, beside that of ${columnOf(smallest)}`,
    bound: 'at most',
    limit: MOST_BESIDE_SMALLEST,
    measured: ratioOfSittings(valuesOf(largest), valuesOf(smallest)),
  });
}

/** @param {number} size */
function columnOf(size) {
  return `${size.toLocaleString('en')} connections`;
}
