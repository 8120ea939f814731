import { once } from 'node:events';
import { type Host, Lab, MariaDb, type NodeProcess, startMariaDb } from '@lifeguard/lab';
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

export interface SqlMatrix {
  /** Whose matrix it is, for the report. */
  readonly adapter: string;
  /** The service on the host `app`. */
  readonly program: URL;
  /** What else the driver calls it when the server ends a connection. */
  readonly lost: readonly string[];
  /** What the driver's pool calls a connection that was not to be had in time. */
  readonly tooLate: string;
}

const unavailable = (await Lab.available()) ?? MariaDb.available();
if (unavailable) console.warn(`left out: faults of MariaDB, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

/** Every fault of the matrix on MariaDB, by every state that a driver's connections can be in. */
export function testSqlFaults(matrix: SqlMatrix): void {
  const cells = new Cells(matrix.adapter);

  test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: everyone is told in time, nobody is given a dead connection, the pool serves again, nothing is left',
    async (_, fault) => {
      await using lab = await Lab.create();
      const [app, db] = [await lab.host('app'), await lab.host('db')];
      const server = await startMariaDb(db, { tls: true });
      const startServer = () => startMariaDb(db, { port: server.port, password: server.password, tls: true });
      const scene: Scene = { lab, app, db, server, startServer };

      const client = await startClient(matrix, app, server);
      const { options } = await hear<{ options: unknown[] }>(client);
      // 2 transports x 3 states with connections x 2 each, and those of `connecting` that were dropped again.
      expect(options).toEqual(expect.arrayContaining(Array(12).fill(TCP)));

      await fault.apply(scene);
      client.send('fault');
      const { outcomes, stockIsStuck } = await hear<{ outcomes: Outcome[]; stockIsStuck: boolean }>(client);
      for (const outcome of outcomes) expectTold(matrix, fault, outcome);
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
}

function startClient({ program }: SqlMatrix, app: Host, server: MariaDb): Promise<NodeProcess> {
  const { host, port, user, password, database } = server;
  const config = {
    server: { host, port, user, password, database },
    tcp: TCP,
    patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
    impatienceMillis: IMPATIENCE_MILLIS,
  };
  return app.node(program, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function hear<M>(client: NodeProcess): Promise<M> {
  const ended = client.exited.then((exit) => {
    throw new Error(`the client ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(client.messages, 'message'), ended]);
  return message as M;
}

function expectTold({ lost, tooLate }: SqlMatrix, fault: Fault, outcome: Outcome): void {
  const { transport, state, told, tookMillis, held } = outcome;
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(told, cell).toHaveLength(2);
  for (const each of told as Told[]) {
    if (state === 'connecting') {
      expect(each.code, cell).toBe(tooLate);
      expect(fault.refuses, cell).toContain(lastOf(each).code);
    } else if (each.code !== undefined || !fault.silent) {
      expect([...fault.ends, ...(fault.silent ? [] : lost)], cell).toContain(lastOf(each).code);
    } else {
      // An idle one that was closed because a sibling had died, or because its driver said that it had ended.
      expect(each.message, cell).toMatch(/^(unanswered|peer-closed)$/);
    }
  }
  if (state === 'connecting') {
    expect(tookMillis, cell).toBeGreaterThan(IMPATIENCE_MILLIS - 50);
    expect(tookMillis, cell).toBeLessThan(IMPATIENCE_MILLIS + NOISE_MILLIS);
  } else {
    expect(tookMillis, cell).toBeGreaterThan(fault.silent ? SOONEST_MILLIS : 0);
    expect(tookMillis, cell).toBeLessThan((fault.silent ? KERNEL_MILLIS : 0) + NOISE_MILLIS);
    expect(held, cell).toBe(0);
  }
}

/** A driver may wrap the error of the network into one of its own. */
function lastOf(told: Told): Told {
  return told.cause ? lastOf(told.cause) : told;
}

function expectServed(fault: Fault, { transport, state, answer, tookMillis, lentAgain }: Recovery): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(answer, cell).toBe('answered');
  expect(tookMillis, cell).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
  expect(lentAgain, cell).toBe(false);
}

function cellFrom({ name }: Fault, { state, transport, told, tookMillis }: Outcome, recovery?: Recovery): Cell {
  const codes = (told as Told[]).map((each) => lastOf(each).code ?? lastOf(each).message);
  return {
    fault: name,
    state: state,
    transport,
    told: codes,
    toldMillis: tookMillis,
    servedMillis: recovery?.tookMillis,
  };
}
