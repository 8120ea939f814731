import { once } from 'node:events';
import { type Host, Lab, type NodeProcess } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from '../../packages/adapters/net/src/certificate.fixture.js';
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
const PORTS = { port: 5001, tlsPort: 5002 };

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
  readonly answer: unknown;
  readonly tookMillis: number;
  readonly lentAgain: boolean;
}

const cells = new Cells('net');

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: faults of raw sockets, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  '%s: everyone is told in time, nobody is given a dead socket, the pool serves again, nothing is left',
  async (_, fault) => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const startServer = () => start(db);
    const scene: Scene = { lab, app, db, server: await startServer(), startServer };

    const config = {
      ...{ host: db.address, ...PORTS },
      tcp: TCP,
      patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
      impatienceMillis: IMPATIENCE_MILLIS,
    };
    const client = await app.node(new URL('./net-client.mjs', import.meta.url), [JSON.stringify(config)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { options } = await hear<{ options: unknown[] }>(client);
    // 2 transports x 3 states with sockets x 2 each, and those of `connecting` that were dropped again.
    expect(options).toEqual(expect.arrayContaining(Array(12).fill(TCP)));

    await fault.apply(scene);
    client.send('fault');
    const { outcomes, stockIsStuck } = await hear<{ outcomes: Outcome[]; stockIsStuck: boolean }>(client);
    for (const outcome of outcomes) expectTold(fault, outcome);
    expect(stockIsStuck).toBe(fault.silent);

    await fault.heal(scene);
    client.send('heal');
    const { recoveries, socketsLeft } = await hear<{ recoveries: Recovery[]; socketsLeft: number }>(client);
    for (const [index, recovery] of recoveries.entries()) expectServed(`${fault.name}, cell ${index}`, recovery);
    for (const [index, outcome] of outcomes.entries()) cells.add(cellFrom(fault, outcome, recoveries[index]));
    expect(socketsLeft).toBe(0);
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);

async function start(db: Host): Promise<Server> {
  let server = await launch(db);
  return {
    async kill() {
      server.kill('SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await launch(db);
    },
  };
}

async function launch(db: Host): Promise<NodeProcess> {
  const config = JSON.stringify({ ...PORTS, key: TEST_KEY, cert: TEST_CERTIFICATE });
  const server = await db.node(new URL('./net-server.mjs', import.meta.url), [config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await hear(server);
  return server;
}

async function hear<M>(program: NodeProcess): Promise<M> {
  const ended = program.exited.then((exit) => {
    throw new Error(`a program ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(program.messages, 'message'), ended]);
  return message as M;
}

function expectTold(fault: Fault, { transport, state, told, tookMillis, held }: Outcome): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  const isConnecting = state === 'connecting';
  expect(told, cell).toHaveLength(2);
  for (const { code, cause } of told as Told[]) {
    if (isConnecting) expect(code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
    // An idle one that did not answer, after its sibling had failed, is evicted without an error of its own.
    const ends = fault.silent && state === 'idle' ? [undefined, ...fault.ends] : fault.ends;
    expect(isConnecting ? fault.refuses : ends, cell).toContain(isConnecting ? cause?.code : code);
  }
  const [soonest, latest] = isConnecting
    ? [IMPATIENCE_MILLIS - 50, IMPATIENCE_MILLIS]
    : fault.silent
      ? [SOONEST_MILLIS, KERNEL_MILLIS]
      : [-1, 0];
  expect(tookMillis, cell).toBeGreaterThan(soonest);
  expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
  if (!isConnecting) expect(held, cell).toBe(0);
}

function expectServed(cell: string, { answer, tookMillis, lentAgain }: Recovery): void {
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
