// Acquire + release, when the borrower gives the connection back at once, and when it holds it across a turn of the event loop.
import { everybody, lifeguard, noPool, peers } from './contenders.mjs';
import { measureInSittings, ratioOfSittings, spreadOfSittings } from './sittings.mjs';
import { judge } from './target.mjs';

/** @typedef {import('./table.mjs').Table} Table */
/** @typedef {import('./sittings.mjs').Cases} Cases */

const CONNECTIONS = 10;
const CASES = [
  { borrowers: 1, limit: 1 / 3 },
  { borrowers: 10, limit: 1 / 3 },
  { borrowers: 50, limit: 1 / 2 },
  { borrowers: 1000, limit: 1 / 2 },
];
/** In each sitting. */
const EFFORT = { rounds: 5, sliceMillis: 25 };

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
 * @returns {Promise<{ table: Table, rounds: Cases }>} and the rounds, by column and by pool
 */
async function compare(name, title, { quick, effort, tell }) {
  const args = [name, CASES.map(({ borrowers }) => borrowers), quick ? effort : EFFORT];
  const cases = await measureInSittings('borrow-child.mjs', args, { quick, tell });
  const rounds = new Map(CASES.map(({ borrowers }) => [columnOf(borrowers), cases.get(`${borrowers}`) ?? new Map()]));
  return { table: tableOf(name, title, rounds), rounds };
}

/**
 * @param {string} name
 * @param {string} title
 * @param {Cases} rounds
 * @returns {Table}
 */
function tableOf(name, title, rounds) {
  const rows = everybody.map((contender) => {
    const cells = [...rounds].map(([column, values]) => {
      const theirs = values.get(contender.name) ?? [];
      const ours = values.get(lifeguard.name) ?? [];
      const { median } = spreadOfSittings(theirs);
      return [
        column,
        contender === noPool ? { value: median } : { value: median, ratio: ratioOfSittings(ours, theirs) },
      ];
    });
    return { name: contender.name, cells: Object.fromEntries(cells) };
  });
  return { name, title, unit: 'ns', ratio: "Lifeguard's time beside this one's", rows };
}

/**
 * @param {Map<string, import('./sittings.mjs').Sittings>} values of one case, by pool
 * @returns {{ peer: string, measured: import('./spread.mjs').Spread }}
 */
function besideFastestPeer(values) {
  const ours = values.get(lifeguard.name) ?? [];
  const ratios = peers.map(({ name }) => ({ peer: name, measured: ratioOfSittings(ours, values.get(name) ?? []) }));
  return ratios.reduce((a, b) => (b.measured.median > a.measured.median ? b : a));
}

/** @param {number} borrowers */
function columnOf(borrowers) {
  return `${borrowers.toLocaleString('en')} ${borrowers === 1 ? 'borrower' : 'borrowers'}`;
}
