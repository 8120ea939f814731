// Measures one section, in a process of its own. Arguments: its name, and the options as JSON.
import { LabError } from '@lifeguard/lab';
import { measureAdapters } from './adapters.mjs';
import { measureBorrow, measureHold } from './borrow.mjs';
import { measureCheck } from './check.mjs';
import { endWithParent } from './child-process.mjs';
import { measureDrag } from './drag.mjs';
import { measureMemory } from './memory.mjs';
import { measureObserved } from './observed.mjs';
import { measureQueries } from './queries.mjs';
import { measureRegister } from './register.mjs';
import { measureScale } from './scale.mjs';
import { measureWaiters } from './waiters.mjs';

/**
 * @typedef {object} SectionOptions
 * @property {boolean} quick
 * @property {readonly string[]} nodes other versions of Node.js
 * @property {import('./rounds.mjs').Effort} effort
 * @property {(text: string) => void} tell says what is being measured
 */

/** @type {Record<string, (options: SectionOptions) => Promise<import('./table.mjs').SectionResult>>} */
const MEASURES = {
  borrow: measureBorrow,
  hold: measureHold,
  scale: measureScale,
  waiters: measureWaiters,
  check: measureCheck,
  queries: measureQueries,
  adapters: measureAdapters,
  memory: measureMemory,
  drag: measureDrag,
  register: measureRegister,
  observed: measureObserved,
};
const EFFORT = { rounds: 12, sliceMillis: 25 };
const QUICK_EFFORT = { rounds: 3, sliceMillis: 5 };

endWithParent();
const [name = '', text = '{}'] = process.argv.slice(2);
const { quick, nodes } = JSON.parse(text);
const tell = (/** @type {string} */ what) => process.stderr.write(`${name}: ${what}\n`);
const result = await measure();
process.stdout.write(JSON.stringify(result), () => process.exit());

async function measure() {
  try {
    return await MEASURES[name]?.({ quick, nodes, effort: quick ? QUICK_EFFORT : EFFORT, tell });
  } catch (error) {
    if (error instanceof LabError) return { leftOut: error.message };
    throw error;
  }
}
