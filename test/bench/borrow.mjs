// Acquire + release, when the borrower gives the connection back at once, and when it holds it across a turn of the event loop.
import { loopbackSockets } from './connections.mjs';
import { lifeguard, noPool, peers } from './contenders.mjs';
import { borrowAll, borrowLoop, holdLoop, returnAll } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {import('./table.mjs').Table} Table */

const CONNECTIONS = 10;
const CASES = [
  { borrowers: 1, limit: 1 / 3 },
  { borrowers: 10, limit: 1 / 3 },
  { borrowers: 50, limit: 1 / 2 },
  { borrowers: 1000, limit: 1 / 2 },
];
/** Loans in one measured run, at least: so many that starting the borrowers costs little beside them. */
const LEAST_LOANS = { borrow: 3000, hold: 1000 };
const LEAST_TURNS = 5;

const EVERYBODY = [noPool, lifeguard, ...peers];

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureBorrow(options) {
  const title = `acquire + release, ${CONNECTIONS} connections`;
  const { table, rounds } = await compare('borrow', title, options);
  const targets = CASES.map(({ borrowers, limit }) => {
    const name = columnOf(borrowers);
    const { peer, measured } = besideFastestPeer(rounds.get(name) ?? new Map());
    const what = `acquire + release, ${name}`;
    return judge({ what, of: `time, beside ${peer}, the fastest peer`, bound: 'at most', limit, measured });
  });
  return { tables: [table], targets };
}

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureHold(options) {
  const title = `acquire, a turn of the event loop, release, ${CONNECTIONS} connections`;
  const { table } = await compare('hold', title, options);
  return { tables: [table], targets: [] };
}

/**
 * @param {'borrow' | 'hold'} name
 * @param {string} title
 * @param {import('./section.mjs').SectionOptions} options
 * @returns {Promise<{ table: Table, rounds: Map<string, Map<string, number[]>> }>} and each case's rounds, by pool
 */
async function compare(name, title, { effort, tell }) {
  const { factory, stop } = await loopbackSockets();
  /** @type {Map<string, Map<string, number[]>>} */
  const rounds = new Map();
  for (const { borrowers } of CASES) {
    tell(columnOf(borrowers));
    const open = EVERYBODY.map((contender) => ({ contender, pool: contender.open(CONNECTIONS, factory) }));
    const contestants = new Map();
    for (const { contender, pool } of open) {
      returnAll(contender, pool, await borrowAll(contender, pool, CONNECTIONS));
      contestants.set(contender.name, contestant(name, contender, pool, borrowers));
    }
    rounds.set(columnOf(borrowers), await measureInRounds(contestants, effort));
    for (const { contender, pool } of open) await contender.close(pool);
  }
  await stop();
  return { table: tableOf(name, title, rounds), rounds };
}

/**
 * @param {'borrow' | 'hold'} name
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} borrowers
 */
function contestant(name, contender, pool, borrowers) {
  // Without a pool nothing holds the eleventh borrower back.
  const atOnce = contender === noPool ? Math.min(borrowers, CONNECTIONS) : borrowers;
  const turns = Math.max(LEAST_TURNS, Math.ceil(LEAST_LOANS[name] / atOnce));
  const start = name === 'borrow' ? borrowing(contender, pool, turns) : holding(contender, pool, turns);
  return { run: () => Promise.all(Array.from({ length: atOnce }, start)), operations: atOnce * turns };
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} turns
 */
function borrowing(contender, pool, turns) {
  const loop = borrowLoop(contender);
  return () => loop(pool, turns);
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} turns
 */
function holding(contender, pool, turns) {
  const loop = holdLoop(contender);
  const nextTurn = () => /** @type {Promise<void>} */ (new Promise((resolve) => setImmediate(resolve)));
  return () => loop(pool, turns, nextTurn);
}

/**
 * @param {string} name
 * @param {string} title
 * @param {Map<string, Map<string, number[]>>} rounds
 * @returns {Table}
 */
function tableOf(name, title, rounds) {
  const rows = EVERYBODY.map((contender) => {
    const cells = [...rounds].map(([column, values]) => {
      const theirs = values.get(contender.name) ?? [];
      const ours = values.get(lifeguard.name) ?? [];
      const { median } = spreadOf(theirs);
      return [column, contender === noPool ? { value: median } : { value: median, ratio: ratioOf(ours, theirs) }];
    });
    return { name: contender.name, cells: Object.fromEntries(cells) };
  });
  return { name, title, unit: 'ns', ratio: "Lifeguard's time beside this one's", rows };
}

/**
 * @param {Map<string, number[]>} values of one case, by pool
 * @returns {{ peer: string, measured: import('./spread.mjs').Spread }}
 */
function besideFastestPeer(values) {
  const ours = values.get(lifeguard.name) ?? [];
  const ratios = peers.map(({ name }) => ({ peer: name, measured: ratioOf(ours, values.get(name) ?? []) }));
  return ratios.reduce((a, b) => (b.measured.median > a.measured.median ? b : a));
}

/** @param {number} borrowers */
function columnOf(borrowers) {
  return `${borrowers.toLocaleString('en')} ${borrowers === 1 ? 'borrower' : 'borrowers'}`;
}
