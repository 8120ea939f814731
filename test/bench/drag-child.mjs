// Measures promise-heavy code before and after connections are opened: by a pool whose factory opens its
// socket at once (argument `pool`) or does not say so (`following`), or by nobody (`control`).
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '@lifeguard/pool';
import { endWithParent } from './child-process.mjs';
import { loopbackSockets } from './connections.mjs';
import { lifeguard } from './contenders.mjs';
import { borrowAll, returnAll } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';

const CONNECTIONS = 10;
const REQUESTS = 1000;
const SLICE_MILLIS = 20;
const WARM_UP_SLICES = 15;

endWithParent();
const [what, slices] = process.argv.slice(2);
const { factory, stop } = await loopbackSockets();
await timeOfRequest(WARM_UP_SLICES);
const before = await timeOfRequest(Number(slices));
const open = what === 'control' ? await openSockets() : await openPool({ opensAtOnce: what === 'pool' });
// What a pool does just after a connect is over by then, and the control waits as long.
await sleep(100);
const after = await timeOfRequest(Number(slices));
await open.close();
await stop();
process.stdout.write(JSON.stringify({ before, after }), () => process.exit());

/** @param {{ opensAtOnce: boolean }} traits */
async function openPool(traits) {
  const pool = createPool({ ...factory, ...traits }, { max: CONNECTIONS });
  returnAll(lifeguard, pool, await borrowAll(lifeguard, pool, CONNECTIONS));
  return pool;
}

async function openSockets() {
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, factory.create));
  return { close: () => Promise.all(sockets.map(factory.destroy)) };
}

/**
 * The fastest round's: what the machine does beside us comes and goes within seconds, and only ever adds. What a pool
 * does to the engine stays.
 *
 * @param {number} rounds
 * @returns {Promise<number>} nanoseconds for one request
 */
async function timeOfRequest(rounds) {
  const contestants = new Map([['requests', { run: serveAll, operations: REQUESTS }]]);
  const results = await measureInRounds(contestants, { rounds, sliceMillis: SLICE_MILLIS });
  return Math.min(...(results.get('requests') ?? []));
}

/** The rest of the program: requests that do nothing but await, one thing after another and two at once. */
async function serveAll() {
  let total = 0;
  for (let request = 0; request < REQUESTS; request += 1) total += await serve(request);
  return total;
}

/** @param {number} request */
async function serve(request) {
  const user = await answer(request);
  const account = await answer(user);
  const [balance, limit] = await Promise.all([answer(account), answer(user)]);
  return balance + limit;
}

/** @param {number} value */
async function answer(value) {
  return value + 1;
}
