import { once } from 'node:events';
import { type Host, Lab, type NodeProcess, type Postgres, startPostgres } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { type Cell, Cells } from './cells.js';
import { FAULTS, type Fault, type Scene } from './matrix.js';

/** Short options, so that the whole matrix takes half a minute; see the table of targets in the README. */
const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 2,
  userTimeoutMillis: 2000,
};
/** By these options the kernel gives up within 3.5 s: idle 1 s, then probes 1 s apart, and its timers' own slack. */
const KERNEL_MILLIS = 3500;
/** What a busy machine may add. */
const NOISE_MILLIS = 1500;
/** No live kernel is given up sooner: one probe interval after the silence began, or the user timeout. */
const SOONEST_MILLIS = 900;
/** A fault that the peer's kernel tells of needs no timer. */
const TOLD_MILLIS = 0;
const RETURN_MILLIS = 1000;
const IMPATIENCE_MILLIS = 2500;

interface Told {
  readonly code?: string;
  readonly message: string;
  readonly cause?: Told;
}

interface Outcome {
  readonly transport: string;
  readonly state: string;
  readonly told: readonly Told[] | 'still waiting';
  readonly tookMillis: number;
  readonly held: number;
}

interface Recovery {
  readonly transport: string;
  readonly state: string;
  readonly answer: unknown;
  readonly tookMillis: number;
  readonly lentAgain: boolean;
}

const cells = new Cells('pg');

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: the fault matrix, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  '%s: everyone is told in time, nobody is given a dead connection, the pool serves again, nothing is left',
  async (_, fault) => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const postgres = await startPostgres(db, { tls: true });
    const { port, password } = postgres;
    const startServer = () => startPostgres(db, { port, password, tls: true });
    const scene: Scene = { lab, app, db, server: postgres, startServer };

    const client = await startClient(app, postgres);
    const { options } = await hear<{ options: unknown[] }>(client);
    // 2 transports x 3 states with connections x 2 each, and those of `connecting` that were dropped again.
    expect(options).toEqual(expect.arrayContaining(Array(12).fill(TCP)));

    await fault.apply(scene);
    client.send('fault');
    const { outcomes, stockIsStuck } = await hear<{ outcomes: Outcome[]; stockIsStuck: boolean }>(client);
    for (const outcome of outcomes) expectTold(fault, outcome);
    expect(stockIsStuck).toBe(fault.silent);

    await fault.heal(scene);
    client.send('heal');
    const { recoveries, socketsLeft } = await hear<{ recoveries: Recovery[]; socketsLeft: number }>(client);
    for (const recovery of recoveries) expectServed(fault, recovery);
    for (const [index, outcome] of outcomes.entries()) cells.add(cellFrom(fault, outcome, recoveries[index]));
    expect(socketsLeft).toBe(0);
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);

async function startClient(app: Host, { host, port, user, password, database }: Postgres): Promise<NodeProcess> {
  const config = {
    server: { host, port, user, password, database },
    tcp: TCP,
    patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
    impatienceMillis: IMPATIENCE_MILLIS,
  };
  return app.node(new URL('./client.mjs', import.meta.url), [JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function hear<M>(client: NodeProcess): Promise<M> {
  const ended = client.exited.then((exit) => {
    throw new Error(`the client ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(client.messages, 'message'), ended]);
  return message as M;
}

function expectTold(fault: Fault, { transport, state, told, tookMillis, held }: Outcome): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(told, cell).toHaveLength(2);
  for (const { code, cause } of told as Told[]) {
    if (state === 'connecting') {
      expect(code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
      expect(fault.refuses, cell).toContain(cause?.code);
    } else {
      expect(fault.ends, cell).toContain(code);
    }
  }
  if (state === 'connecting') {
    expect(tookMillis, cell).toBeGreaterThan(IMPATIENCE_MILLIS - 50);
    expect(tookMillis, cell).toBeLessThan(IMPATIENCE_MILLIS + NOISE_MILLIS);
  } else {
    expect(tookMillis, cell).toBeGreaterThan(fault.silent ? SOONEST_MILLIS : TOLD_MILLIS);
    expect(tookMillis, cell).toBeLessThan((fault.silent ? KERNEL_MILLIS : 0) + NOISE_MILLIS);
    expect(held, cell).toBe(0);
  }
}

function expectServed(fault: Fault, { transport, state, answer, tookMillis, lentAgain }: Recovery): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(answer, cell).toBe('answered');
  expect(tookMillis, cell).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
  expect(lentAgain, cell).toBe(false);
}

function cellFrom({ name }: Fault, { state, transport, told, tookMillis }: Outcome, recovery?: Recovery): Cell {
  const codes = (told as Told[]).map(({ code, message, cause }) => cause?.code ?? code ?? message);
  return {
    fault: name,
    state: state,
    transport,
    told: codes,
    toldMillis: tookMillis,
    servedMillis: recovery?.tookMillis,
  };
}
