// One sitting of an adapter beside its driver alone.
import { calling } from './callers.mjs';
import { apartFrom } from './processors.mjs';
import { runSitting } from './sitting.mjs';
import { measureInTurns, TURN_OPERATIONS } from './turns.mjs';

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

await runSitting(measure);

/**
 * @param {string} name of its module in `adapters/`
 * @param {readonly number[]} callers
 * @param {import('./rounds.mjs').Turns} turns
 * @returns {Promise<import('./sittings.mjs').Sitting>} by the number of callers; the adapter first
 */
async function measure(name, callers, turns) {
  const { prepare } = await import(new URL(`adapters/${name}.mjs`, import.meta.url).href);
  /** @type {Pair} */
  const { own, stock, close } = await apartFrom(prepare);
  /** @type {import('./sittings.mjs').Sitting} */
  const found = {};
  for (const many of callers) {
    const contestants = new Map([own, stock].map((each) => [each.name, calling(many, TURN_OPERATIONS, each.operate)]));
    found[many] = Object.fromEntries(await measureInTurns(contestants, turns));
  }
  await close();
  return found;
}
