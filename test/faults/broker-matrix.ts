import { once } from 'node:events';
import { type Host, Lab, type NodeProcess } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { type Cell, Cells } from './cells.js';
import { FAULTS, type Fault, type Scene, type Server } from './matrix.js';

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

/** Each has a server of its own, which is slow to start, and applies its faults one after the other. */
const GROUPS = [
  ['silent drop', 'peer’s NIC down', 'local NIC disabled', 'local NIC removed', 'packets rejected with ICMP'],
  ['server process killed', 'peer powered off'],
].map((names) => FAULTS.filter(({ name }) => names.includes(name)));

interface Told {
  readonly code?: string;
  readonly name?: string;
  readonly message: string;
  readonly cause?: Told;
}

interface Outcome {
  readonly transport: string;
  readonly state: string;
  readonly told: readonly (Told | 'answered' | 'still waiting')[];
  readonly tookMillis: number;
  /** By which limit it has to be told: the kernel's timers, or how long a caller waits. */
  readonly by: 'kernel' | 'patience';
  readonly held: number;
}

interface Recovery {
  readonly answer: unknown;
  readonly tookMillis: number;
}

/** The servers of one kind on a host, plain and over TLS, and what its clients must know. */
export interface Broker extends Server {
  readonly access: object;
}

export interface Matrix {
  /** Whose matrix it is, for the report. */
  readonly adapter: string;
  /** The service on the host `app`. */
  readonly program: URL;
  /** Why no server can be started here. */
  readonly unavailable: string | undefined;
  /** Sockets that the service has opened and hardened, when the fault comes. */
  readonly sockets: number;
  /** What else somebody is told whose connection ended. */
  readonly ends: RegExp;
  /** Starts servers that are always the same: so that clients find them again. */
  start(host: Host): Promise<Broker>;
}

/** Every fault of the matrix, by every state that the service has connections in. */
export async function testFaults(matrix: Matrix): Promise<void> {
  const unavailable = (await Lab.available()) ?? matrix.unavailable;
  if (unavailable) console.warn(`left out: faults of a broker, because ${unavailable}`);
  const possible = process.env['CI'] === 'true' || unavailable === undefined;
  const cells = new Cells(matrix.adapter);

  test.skipIf(!possible).concurrent.each(GROUPS.map((faults) => [faults.map(({ name }) => name).join(', '), faults]))(
    '%s: everybody is told in time, all serve again, nothing is left',
    async (_, faults) => {
      await using lab = await Lab.create();
      const [app, db] = [await lab.host('app'), await lab.host('db')];
      const startServer = () => matrix.start(db);
      const broker = await startServer();
      const scene: Scene = { lab, app, db, server: broker, startServer };
      for (const fault of faults as Fault[]) await suffer(matrix, scene, fault, broker.access, cells);
    },
  );
}

async function suffer(matrix: Matrix, scene: Scene, fault: Fault, access: object, cells: Cells): Promise<void> {
  const config = {
    ...access,
    tcp: TCP,
    patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
    impatienceMillis: IMPATIENCE_MILLIS,
  };
  const client = await scene.app.node(matrix.program, [JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { options } = await hear<{ options: unknown[] }>(client);
  expect(options, fault.name).toEqual(Array(matrix.sockets).fill(TCP));

  await fault.apply(scene);
  client.send('fault');
  const { outcomes, stockIsStuck } = await hear<{ outcomes: Outcome[]; stockIsStuck: boolean }>(client);
  for (const outcome of outcomes) expectTold(matrix, fault, outcome);
  expect(stockIsStuck, fault.name).toBe(fault.silent);

  await fault.heal(scene);
  client.send('heal');
  const { recoveries, socketsLeft } = await hear<{ recoveries: Recovery[]; socketsLeft: number }>(client);
  for (const [index, { answer, tookMillis }] of recoveries.entries()) {
    const cell = `${fault.name}, ${outcomes[index]?.state}, ${outcomes[index]?.transport}`;
    expect(answer, cell).toBe('answered');
    expect(tookMillis, cell).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
  }
  expect(socketsLeft, fault.name).toBe(0);
  await expect(client.exited).resolves.toMatchObject({ code: 0 });
  for (const [index, outcome] of outcomes.entries()) cells.add(cellFrom(fault, outcome, recoveries[index]));
}

async function hear<M>(client: NodeProcess): Promise<M> {
  const ended = client.exited.then((exit) => {
    throw new Error(`the client ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(client.messages, 'message'), ended]);
  return message as M;
}

function expectTold(matrix: Matrix, fault: Fault, { transport, state, told, tookMillis, by, held }: Outcome): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(told.length, cell).toBeGreaterThan(0);
  for (const each of told) {
    const { message, code, cause } = typeof each === 'string' ? { message: each } : (each as Told);
    if (code === 'ERR_POOL_ACQUIRE_TIMEOUT') expect(fault.refuses, cell).toContain(cause?.code);
    else if (code === undefined || !fault.ends.includes(code)) expect(message, cell).toMatch(matrix.ends);
  }
  const soonest = by === 'kernel' && fault.silent ? SOONEST_MILLIS : -1;
  const latest = by === 'patience' ? IMPATIENCE_MILLIS : fault.silent ? KERNEL_MILLIS : 0;
  expect(tookMillis, cell).toBeGreaterThan(soonest);
  expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
  expect(held, cell).toBe(0);
}

function cellFrom({ name }: Fault, { state, transport, told, tookMillis }: Outcome, recovery?: Recovery): Cell {
  const words = told.map((each) => (typeof each === 'string' ? each : wordOf(each)));
  return {
    fault: name,
    state: state,
    transport,
    told: words,
    toldMillis: tookMillis,
    servedMillis: recovery?.tookMillis,
  };
}

function wordOf({ code, name, message, cause }: Told): string {
  return cause?.code ?? code ?? (name === undefined || name === 'Error' ? message : name);
}
