// Whether the rest of a program, full of promises, runs slower once a pool is open. A process of its own for each round:
// what a pool does to a process, such as following async contexts, may not be undone by closing it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resultOf } from './child-process.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

const EFFORT = { all: { rounds: 7, slices: 20 }, quick: { rounds: 2, slices: 3 } };
const MOST_BESIDE_BEFORE = 1.05;

const WITH_POOL = 'a pool opened';
const FOLLOWING = 'a pool opened, without opensAtOnce';
const WITHOUT = 'bare sockets opened';

/** @typedef {{ before: number[], after: number[] }} Times nanoseconds for a request, one for each round */
/** @typedef {{ version: string, node: string }} Node and its executable */

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureDrag({ quick, nodes, tell }) {
  const effort = quick ? EFFORT.quick : EFFORT.all;
  const rows = [];
  const targets = [];
  for (const { version, node } of [
    { version: process.version, node: process.execPath },
    ...(await find(nodes, tell)),
  ]) {
    tell(`Node ${version}`);
    const { pool, following, control } = await measureNode(node, effort);
    rows.push({
      name: `Node ${version}`,
      cells: { [WITH_POOL]: cellOf(pool), [FOLLOWING]: cellOf(following), [WITHOUT]: cellOf(control) },
    });
    targets.push(
      judge({
        what: `the rest of the program beside an open pool, Node ${version}`,
        of: 'time, beside that before',
        bound: 'at most',
        limit: MOST_BESIDE_BEFORE,
        measured: ratioOf(pool.after, pool.before),
      }),
    );
  }
  const title = 'the rest of the program: a request of five async calls, after';
  return { tables: [{ name: 'drag', title, unit: 'ns', ratio: 'beside the same process before', rows }], targets };
}

/**
 * @param {string} node
 * @param {{ rounds: number, slices: number }} effort
 */
async function measureNode(node, { rounds, slices }) {
  /** @type {Record<'pool' | 'following' | 'control', Times>} */
  const times = {
    pool: { before: [], after: [] },
    following: { before: [], after: [] },
    control: { before: [], after: [] },
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const [what, { before, after }] of Object.entries(times)) {
      const time = await resultOf('drag-child.mjs', [what, String(slices)], { node });
      before.push(time.before);
      after.push(time.after);
    }
  }
  return times;
}

/** @param {Times} times */
function cellOf({ before, after }) {
  return { value: spreadOf(after).median, ratio: ratioOf(after, before) };
}

/**
 * @param {readonly string[]} wanted versions
 * @param {(text: string) => void} tell
 * @returns {Promise<Node[]>} those that are not the running one
 */
async function find(wanted, tell) {
  /** @type {Node[]} */
  const found = [];
  for (const version of wanted) {
    tell(`fetching Node ${version}`);
    const script = 'console.log(JSON.stringify({ version: process.version, node: process.execPath }))';
    // npm's package of that name brings the binaries of every version.
    const args = ['exec', '--yes', '--loglevel=error', `--package=node@${version}`, '--', 'node', '-e', script];
    const { stdout } = await promisify(execFile)('npm', args);
    found.push(JSON.parse(stdout));
  }
  return found.filter(({ version }) => version !== process.version);
}
