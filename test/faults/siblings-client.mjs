// A program on the host `app`: 15 connections, 5 of them lent, when their packets begin to get lost. From the moment at
// which the pool knows of one of them, borrowers come, and it is noted what they are given. For each message
// { id, operation, args } it answers { id, result }.
import { setTimeout as delay } from 'node:timers/promises';
import { pgFactory } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';

const CONNECTIONS = 15;
const LENT = 5;
/** Of a server's addresses, the next is tried after this long. */
const NEXT_ADDRESS_MILLIS = 300;
/** Those who come in the very moment, and those who come after that. */
const AT_ONCE = 20;
const LATER = 150;
const PAUSE_MILLIS = 20;
/** Takes long enough for the borrowers to need more connections than the few that a fault may have spared. */
const WORK = 'SELECT pg_sleep(0.05)';
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Milliseconds of a clock that all processes share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
const socketOf = (client) => client.connection.stream;

let pool;
let lent;
const openedAt = new WeakMap();

const operations = {
  /** All of them by the first address. @returns the local ports of the connections, those of the lent ones last */
  async open(server, hosts, options) {
    const addresses = hosts.slice(0, 1);
    pool = createPool(factoryFor(server, addresses), { ...options, logger });
    pool.on('connect', (client) => openedAt.set(client, now()));
    const all = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.acquire()));
    lent = all.slice(-LENT);
    for (const client of all.slice(0, -LENT)) await pool.release(client);
    addresses.push(...hosts.slice(1));
    return all.map((client) => socketOf(client).localPort);
  },

  /** The lent ones wait for an answer, all or all but one; and each connection has had a sign of its peer just now. */
  async prepare(state) {
    for (const client of state === 'sending' ? lent.slice(1) : lent) borrow(client, 'SELECT pg_sleep(60)');
    const idle = await Promise.all(Array.from({ length: pool.available }, () => pool.acquire()));
    for (const client of [...idle, ...(state === 'sending' ? lent.slice(0, 1) : [])]) await client.query('SELECT 1');
    for (const client of idle) await pool.release(client);
    // The kernel has nothing under way: the server has what it was sent.
    do await delay(5);
    while (lent.some((client) => inspect(socketOf(client)).info.unacked > 0));
  },

  /** To be called right after the fault, the making of which began at `cutAt`. */
  async suffer(state, cutAt) {
    const since = now();
    const story = untilKnown((by, knownAt) => ({ by, knownAt, loans: comeAndGo(since) }));
    if (state === 'sending') borrow(lent[0], 'SELECT 1');
    const { by, knownAt, loans } = await story;
    const given = await Promise.all((await loans).flat());
    const answered = given.filter(({ error }) => error === undefined);
    const bySecondPath = answered.filter(({ proof }) => proof === 'opened since');
    return {
      by,
      knownMillis: knownAt - cutAt,
      proofs: given.map(({ proof }) => proof),
      errors: given.flatMap(({ error }) => error ?? []),
      firstAnswerMillis: Math.min(...answered.map(({ answeredAt }) => answeredAt)) - cutAt,
      secondPathMillis: Math.min(...bySecondPath.map(({ answeredAt }) => answeredAt)) - cutAt,
    };
  },
};

/** Connects to the first of the addresses that answers, as a connection string of several hosts has it. */
function factoryFor(server, addresses) {
  return { ...pgFactory(server), create: () => connect(server, addresses) };
}

async function connect(server, [host, ...others]) {
  if (others.length === 0) return pgFactory({ ...server, host }).create();
  try {
    return await pgFactory({ ...server, host, connectionTimeoutMillis: NEXT_ADDRESS_MILLIS }).create();
  } catch {
    return connect(server, others);
  }
}

/** One query of a borrower who has the client already. */
function borrow(client, text) {
  client.query(text).then(
    () => pool.release(client),
    (error) => pool.release(client, error),
  );
}

/** Calls `then` in the very moment in which the pool first tells that a connection is dead, or may be. */
function untilKnown(then) {
  return new Promise((resolve) => {
    let known = false;
    const note = (by) => {
      if (known) return;
      known = true;
      resolve(then(by, now()));
    };
    pool.on('suspect', () => note('suspect'));
    pool.on('evict', (_, reason) => note(reason));
  });
}

async function comeAndGo(since) {
  const loans = Array.from({ length: AT_ONCE }, () => loan(since));
  for (let come = 0; come < LATER; come += 1) {
    await delay(PAUSE_MILLIS);
    loans.push(loan(since));
  }
  return loans;
}

/** What one borrower is given, and whether it works. */
async function loan(since) {
  try {
    const client = await pool.acquire();
    const proof = proofOf(client, since);
    const error = await client.query(WORK).then(
      () => undefined,
      (failure) => failure,
    );
    await pool.release(client, error);
    return { proof, error: error && (error.code ?? error.message), answeredAt: now() };
  } catch (error) {
    return { proof: 'none lent', error: error.code };
  }
}

/** What shows that the fault has spared a connection, or that nothing does. */
function proofOf(client, since) {
  if (openedAt.get(client) > since) return 'opened since';
  const { lastAckReceivedMillis, lastDataReceivedMillis } = inspect(socketOf(client)).info;
  const signAt = now() - Math.min(lastAckReceivedMillis, lastDataReceivedMillis);
  return signAt > since ? 'answered since' : `no sign since, the last ${Math.round(since - signAt)} ms before`;
}

process.on('message', async ({ id, operation, args }) => {
  try {
    process.send({ id, result: await operations[operation](...args) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
