import { text } from 'node:stream/consumers';
import { type Host, Lab, startPostgres } from '@lifeguard/lab';
import { afterAll, describe, expect, test } from 'vitest';
import { Remote } from '../soak/calls.js';
import { now } from '../soak/clock.js';
import { KERNEL_MILLIS, NOISE_MILLIS, TCP } from './limits.js';

/** From `KERNEL_MILLIS` to an answer by the second path: the time to try the first in vain, and to connect. */
const DETOUR_MILLIS = 1000;
/** Connections that the lossy NAT still knows. They are among the idle ones. */
const SURVIVORS = 3;

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: siblings of a dead connection, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

type State = 'waiting' | 'sending';

interface Suffered {
  /** What the pool first told: `suspect`, or the reason of an eviction. */
  readonly by: string;
  readonly knownMillis: number;
  /** Of each loan since then: `opened since` the fault, `answered since`, or what speaks against the connection. */
  readonly proofs: readonly string[];
  readonly errors: readonly string[];
  readonly firstAnswerMillis: number;
  /** The first answer on a connection that was opened since. */
  readonly secondPathMillis: number;
}

/** What `siblings-client.mjs` does. */
type Client = {
  open(server: object, hosts: readonly string[], options: object): Promise<number[]>;
  prepare(state: State): Promise<void>;
  suffer(state: State, cutAt: number): Promise<Suffered>;
};

interface Fault {
  readonly name: string;
  /** By which addresses the server is tried, in this order. */
  hosts(db: Host): string[];
  /** What becomes of packets that come in at the server and at the client, as nftables has it. */
  rules(app: Host, db: Host, ports: readonly number[]): { readonly db: string; readonly app: string };
  readonly max: number;
  readonly survivors: number;
}

const CUT: Fault = {
  name: 'one of the server’s two addresses is cut off',
  hosts: (db) => [db.address, db.address6],
  rules: (app, db) => ({ db: `ip saddr ${app.address} drop`, app: `ip saddr ${db.address} drop` }),
  max: 20,
  survivors: 0,
};

const NAT: Fault = {
  name: 'a NAT forgets all flows but three, new ones pass',
  hosts: (db) => [db.address],
  rules: (_app, _db, ports) => {
    const forgotten = ports.slice(SURVIVORS).join(', ');
    return { db: `tcp sport { ${forgotten} } drop`, app: `tcp dport { ${forgotten} } drop` };
  },
  // All of them are taken.
  max: 15,
  survivors: SURVIVORS,
};

const BALANCER: Fault = {
  name: 'a load balancer forgets all flows but three, and resets what it does not know',
  hosts: (db) => [db.address],
  rules: (_app, _db, ports) => {
    const forgotten = ports.slice(SURVIVORS).join(', ');
    return { db: `tcp sport { ${forgotten} } reject with tcp reset`, app: 'continue' };
  },
  max: 15,
  survivors: SURVIVORS,
};

/** What the run has seen. */
const seen: Record<string, string | number>[] = [];
afterAll(() => console.table(seen));

describe
  .skipIf(!possible)
  .concurrent('once one connection is known dead, no sibling is lent that has not answered', () => {
    // How the first of them is known: by keepalive, or by retransmissions.
    test.each([
      [CUT.name, 'waiting', CUT],
      [CUT.name, 'sending', CUT],
      [NAT.name, 'waiting', NAT],
      [NAT.name, 'sending', NAT],
      [BALANCER.name, 'sending', BALANCER],
    ] as const)('%s, a lent connection is %s', async (_, state, fault) => {
      await go(fault, state);
    });
  });

async function go(fault: Fault, state: State): Promise<void> {
  await using lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const { port, user, password, database } = await startPostgres(db);
  const program = new URL('./siblings-client.mjs', import.meta.url);
  const client = new Remote<Client>(await app.node(program, [], { stdio: ['ignore', 'inherit', 'inherit'] }));
  const server = { port, user, password, database, ssl: false };
  const ports = await client.call('open', server, fault.hosts(db), { max: fault.max, tcp: TCP });
  await client.call('prepare', state);

  const rules = fault.rules(app, db, ports);
  const cutAt = now();
  await Promise.all([filterIncoming(db, rules.db), filterIncoming(app, rules.app)]);
  const suffered = await client.call('suffer', state, cutAt);
  seen.push(summarize(fault, state, suffered));

  const { knownMillis, proofs, errors, secondPathMillis } = suffered;
  expect(knownMillis).toBeLessThan(KERNEL_MILLIS + NOISE_MILLIS);
  expect(proofs.filter((proof) => proof !== 'opened since' && proof !== 'answered since')).toEqual([]);
  expect(errors).toEqual([]);
  expect(secondPathMillis).toBeLessThan(KERNEL_MILLIS + DETOUR_MILLIS + NOISE_MILLIS);
  // Those who are there still are believed in again, once they have answered.
  if (fault.survivors > 0) expect(proofs).toContain('answered since');
}

/** What is dropped there is lost silently, as on the way to the host. */
async function filterIncoming(host: Host, rule: string): Promise<void> {
  const rules = `table inet fault { chain incoming { type filter hook input priority filter; ${rule}; }; }`;
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const nft = await host.spawn('nft', [rules], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: path } });
  const [complaint, { code }] = await Promise.all([text(nft.stderr), nft.exited]);
  if (code !== 0) throw new Error(`nft: ${complaint}`);
}

function summarize({ name }: Fault, state: State, told: Suffered) {
  const { by, knownMillis, proofs, firstAnswerMillis, secondPathMillis } = told;
  const seconds = (millis: number) => `${(millis / 1000).toFixed(2)} s`;
  return {
    fault: name,
    'a lent connection is': state,
    'first known after': seconds(knownMillis),
    by,
    'first answer after': seconds(firstAnswerMillis),
    'by the second path after': seconds(secondPathMillis),
    'lent since, opened since': proofs.filter((proof) => proof === 'opened since').length,
    'lent since, answered since': proofs.filter((proof) => proof === 'answered since').length,
  };
}
