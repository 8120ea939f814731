// Measures one pool's memory: arguments are its name, and how many connections and waiters. Needs --expose-gc.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { endWithParent } from './child-process.mjs';
import { loopbackSockets } from './connections.mjs';
import { lifeguard, peers } from './contenders.mjs';
import { acquireOf, borrowAll, returnAll } from './loops.mjs';

const WARM_UP = 50;

endWithParent();
const [name, count] = process.argv.slice(2);
const contender = [lifeguard, ...peers].find((one) => one.name === name) ?? lifeguard;
const { factory, stop } = await loopbackSockets();
// What is compiled and cached once shall be there before.
await measure(WARM_UP);
const result = await measure(Number(count));
await stop();
process.stdout.write(JSON.stringify(result), () => process.exit());

/** @param {number} many */
async function measure(many) {
  const bare = await growth(() => Promise.all(Array.from({ length: many }, factory.create)));
  await Promise.all(bare.kept.map(factory.destroy));
  bare.kept.length = 0;

  const full = await growth(async () => {
    const pool = contender.open(many, factory);
    returnAll(contender, pool, await borrowAll(contender, pool, many));
    return pool;
  });
  await contender.close(full.kept);

  const pool = contender.open(1, factory);
  await borrowAll(contender, pool, 1);
  const acquire = acquireOf(contender);
  const waiting = await growth(async () => Array.from({ length: many }, () => acquire(pool)));
  return { idle: (full.bytes - bare.bytes) / many, waiting: waiting.bytes / many };
}

/**
 * @template T
 * @param {() => Promise<T>} make
 * @returns {Promise<{ kept: T, bytes: number }>} what was made, and what it holds in memory
 */
async function growth(make) {
  const before = await heldBytes();
  const kept = await make();
  return { kept, bytes: (await heldBytes()) - before };
}

async function heldBytes() {
  // More than once, with a turn between: some things are let go only when what held them is gone.
  for (let pass = 0; pass < 3; pass += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
