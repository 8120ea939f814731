import { once } from 'node:events';
import { Lab, MariaDb, type NodeProcess, startMariaDb, startPostgres } from '@lifeguard/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL_MILLIS, NOISE_MILLIS, RETURN_MILLIS, SOONEST_MILLIS, TCP } from '../faults/limits.js';

// Libraries that are given a pool, on ours: at work, through a cable that is cut without a word, and back at work.

const CONNECTIONS = 4;
const LIBRARIES = ['kysely', 'drizzle', 'typeorm'] as const;
type Kind = 'pg' | 'mysql2';

const isCi = process.env['CI'] === 'true';
const noLab = await Lab.available();
const noMariaDb = MariaDb.available();
if (noLab) console.warn(`left out: kysely, drizzle-orm and TypeORM on our pools, because ${noLab}`);
else if (noMariaDb)
  console.warn(`left out: kysely, drizzle-orm and TypeORM on @lifeguard/mysql2, because ${noMariaDb}`);
const possible = isCi || noLab === undefined;
const kinds: readonly Kind[] = isCi || noMariaDb === undefined ? ['pg', 'mysql2'] : ['pg'];
const CASES = kinds.flatMap((kind) => LIBRARIES.map((library) => ({ library, kind })));

interface Told {
  readonly code?: string;
  readonly message: string;
  readonly cause?: Told;
}

/** What a statement in a transaction was told, and what the whole transaction was. */
interface Transaction {
  readonly failure: Told;
  readonly outcome: Told;
}

interface Begun {
  readonly before: unknown;
  readonly options: readonly unknown[];
}

interface Cut {
  readonly outcomes: {
    readonly told: { readonly waiting: Transaction; readonly sending: Transaction };
    readonly tookMillis: number;
  };
  readonly evictions: {
    readonly told: readonly { readonly reason: string; readonly code?: string }[];
    readonly tookMillis: number;
  };
}

interface Healed {
  readonly after: unknown;
  readonly tookMillis: number;
  readonly balances: readonly number[];
  readonly transfer: unknown;
  readonly undone: string;
  readonly kept: unknown;
  readonly socketsLeft: number;
}

interface Story {
  readonly begun: Begun;
  readonly cut: Cut;
  readonly healed: Healed;
  readonly exit: unknown;
}

const stories = new Map<string, Story>();
const nameOf = ({ library, kind }: { library: string; kind: string }) => `${library} on ${kind}`;

// Six programs live through one fault.
beforeAll(async () => {
  if (!possible) return;
  await using lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const servers = {
    pg: await startPostgres(db),
    ...(kinds.includes('mysql2') && { mysql2: await startMariaDb(db) }),
  };
  const programs = await Promise.all(
    CASES.map(({ library, kind }) => {
      const { host, port, user, password, database } = servers[kind] ?? servers.pg;
      const patienceMillis = KERNEL_MILLIS + NOISE_MILLIS;
      const config = { library, kind, server: { host, port, user, password, database }, tcp: TCP, patienceMillis };
      const stdio = ['ignore', 'inherit', 'inherit'] as const;
      return app.node(new URL('./orm-client.mjs', import.meta.url), [JSON.stringify(config)], { stdio });
    }),
  );
  const hearAll = <M>() => Promise.all(programs.map((program) => hear<M>(program)));
  const tellAll = (word: string) => Promise.all(programs.map((program) => program.send(word)));

  const begun = await hearAll<Begun>();
  const cable = lab.cable('app', 'db');
  await cable.cut();
  const heardOfCut = hearAll<Cut>();
  await tellAll('fault');
  const cut = await heardOfCut;
  await cable.heal();
  const heardOfHealing = hearAll<Healed>();
  await tellAll('heal');
  const healed = await heardOfHealing;
  const exits = await Promise.all(programs.map(({ exited }) => exited));
  for (const [index, each] of CASES.entries()) {
    const exit = exits[index];
    const [first, second, third] = [begun[index], cut[index], healed[index]];
    if (first && second && third) stories.set(nameOf(each), { begun: first, cut: second, healed: third, exit });
  }
});

afterAll(() => console.table([...stories].map(([name, story]) => summarize(name, story))));

test.skipIf(!possible).each(CASES)(
  '$library on @lifeguard/$kind: who is in a transaction is told in time, none is half done, and work goes on',
  async (each) => {
    const { begun, cut, healed, exit } = stories.get(nameOf(each)) as Story;
    expect(begun.before).toEqual([50, 55, 'none']);
    expect(begun.options).toEqual(Array(CONNECTIONS).fill(TCP));

    const { outcomes, evictions } = cut;
    for (const { failure, outcome } of [outcomes.told.waiting, outcomes.told.sending]) {
      expect(chainOf(failure)).toContain('ETIMEDOUT');
      expect(chainOf(outcome)).toMatch(LOST);
    }
    for (const { tookMillis } of [outcomes, evictions]) {
      expect(tookMillis).toBeGreaterThan(SOONEST_MILLIS);
      expect(tookMillis).toBeLessThan(KERNEL_MILLIS + NOISE_MILLIS);
    }
    const reasons = evictions.told.map(({ reason, code }) => code ?? reason);
    expect(reasons).toEqual(Array(CONNECTIONS).fill('ETIMEDOUT'));

    expect(healed.after).toEqual([50, 55, 'none']);
    expect(healed.tookMillis).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
    expect(healed.balances).toEqual([100, 100, 100, 100]);
    expect([healed.transfer, healed.undone, healed.kept]).toEqual([60, 'changed my mind', [60, 'none']]);
    expect(healed.socketsLeft).toBe(0);
    expect(exit).toMatchObject({ code: 0 });
  },
);

/** Kysely and Drizzle tell of their ROLLBACK, which a connection that is gone refuses. */
const LOST = /ETIMEDOUT|not queryable|closed state/;

function chainOf({ code, message, cause }: Told): string {
  return `${code} ${message}${cause ? `; ${chainOf(cause)}` : ''}`;
}

async function hear<M>(program: NodeProcess): Promise<M> {
  const ended = program.exited.then((exit) => {
    throw new Error(`the program ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(program.messages, 'message'), ended]);
  return message as M;
}

function summarize(name: string, { cut, healed }: Story) {
  const seconds = (millis: number) => `${(millis / 1000).toFixed(1)} s`;
  const { told, tookMillis } = cut.outcomes;
  return {
    library: name,
    'told after': seconds(tookMillis),
    statement: told.sending.failure.cause?.code ?? told.sending.failure.code,
    transaction: told.sending.outcome.cause?.message ?? told.sending.outcome.message,
    'served after healing': seconds(healed.tookMillis),
  };
}
