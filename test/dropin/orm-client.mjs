// A program that keeps accounts through one of the libraries in `orms/`, on one of our pools. It is a process of its own, so
// that it has a network of its own, and so that it shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { subscribe } from 'node:diagnostics_channel';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
  untilOpen,
} from '../faults/service.mjs';

const { library, kind, server, tcp } = config;
const { open } = await import(`./orms/${library}.mjs`);
const MAX = 4;

const evictions = [];
let evicted = () => {};
subscribe('lifeguard:pool:evict', ({ reason, error }) => {
  evictions.push({ reason, code: error?.code });
  evicted();
});

const table = `accounts_of_${library}`;
const store = await open(kind, { ...server, tcp, logger, max: MAX }, table);
await store.run(`CREATE TABLE ${table} (id int PRIMARY KEY, balance int NOT NULL)`);
for (const id of [1, 2, 3, 4]) await store.insert(id, 100);
const before = await useAll();

// All four connections stand; two go into transactions, and two stay idle.
await Promise.all(Array.from({ length: MAX }, () => store.sleep(0.2)));
const waiting = begin(1, 2, ({ sleep }) => sleep(300));
const sending = begin(3, 4, () => hear('fault'));
await Promise.all([waiting.begun, sending.begun]);
await allAcknowledged();
await untilOpen(MAX);
await tell({ before, options: hardenedOptions() });

const told = timed(async () => ({
  waiting: await waiting.told(),
  sending: await sending.told(),
}));
await sending.goesOn;
const allEvicted = timed(
  () =>
    new Promise((resolve) => {
      evicted = () => evictions.length === MAX && resolve(evictions);
      evicted();
    }),
);
await tell({ outcomes: await told, evictions: await allEvicted });

// Asked in the dark, answered in the light.
const patient = timed(useAll);
const heard = hear('heal').then(() => performance.now());
const { told: after } = await patient;
const tookMillis = performance.now() - (await heard);
const balances = await Promise.all([1, 2, 3, 4].map((id) => store.read(id)));
const transfer = await store.transaction(async ({ insert, read }) => {
  await insert(6, 60);
  return read(6);
});
const undone = await outcome(
  store.transaction(async ({ insert }) => {
    await insert(7, 70);
    throw new Error('changed my mind');
  }),
);
const kept = [await store.read(6), (await store.read(7)) ?? 'none'];
await store.close();
await tell({
  after,
  tookMillis,
  balances,
  transfer,
  undone: undone.message,
  kept,
  socketsLeft: await socketsLeft([server.port]),
});
process.disconnect();

/** Creates, reads, updates and deletes. */
async function useAll() {
  await store.insert(5, 50);
  const created = await store.read(5);
  await store.update(5, 55);
  const updated = await store.read(5);
  await store.remove(5);
  return [created, updated, (await store.read(5)) ?? 'none'];
}

/** Takes from one account in a transaction, and gives to the other after `pause`. */
function begin(from, to, pause) {
  let begun;
  let goesOn;
  let failure;
  const hasBegun = new Promise((resolve) => {
    begun = resolve;
  });
  const hasGoneOn = new Promise((resolve) => {
    goesOn = resolve;
  });
  const done = store.transaction(async (operations) => {
    await operations.update(from, 0);
    begun();
    try {
      await pause(operations);
      goesOn();
      await operations.update(to, 200);
    } catch (error) {
      // The library may tell of its ROLLBACK instead, which fails too.
      failure = describe(error);
      throw error;
    }
  });
  done.catch(() => {});
  return { begun: hasBegun, goesOn: hasGoneOn, told: async () => ({ outcome: await outcome(done), failure }) };
}
