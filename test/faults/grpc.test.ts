import { once } from 'node:events';
import { type Certificate, type Host, Lab, type NodeProcess, selfSignedCertificate } from '@lifeguard/lab';
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
/** For a kernel that suspects the peer for long before it gives up. */
const SLOW = { ...TCP, keepAliveIntervalMillis: 2000, keepAliveCount: 20, userTimeoutMillis: 60_000 };
/** By these options the kernel gives up within 3.5 s: idle 1 s, then probes 1 s apart, and its timers' own slack. */
const KERNEL_MILLIS = 3500;
/** What a busy machine may add. */
const NOISE_MILLIS = 1500;
/** No live kernel is given up sooner: one probe interval after the silence began, or the user timeout. */
const SOONEST_MILLIS = 900;
/** A connect that nobody answers is given up after 0.75 s. */
const CONNECT_MILLIS = 750;
const RETURN_MILLIS = 1000;
const IMPATIENCE_MILLIS = 2500;
/** 2 transports x (4 clients and 3 pools with 2 connections each). */
const SOCKETS = 28;
const PORTS = { port: 50_051, tlsPort: 50_052 };
const UNAVAILABLE = 14;
const INTERNAL = 13;

interface Told {
  readonly code?: string | number;
  readonly message: string;
  readonly cause?: Told;
}

interface Outcome {
  readonly transport: string;
  readonly state: string;
  readonly told: readonly (Told | 'answered' | 'still waiting')[];
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

const cells = new Cells('grpc');

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: faults of gRPC, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  '%s: every call is told in time, no dead connection is used, all serve again, nothing is left',
  async (_, fault) => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const certificate = selfSignedCertificate(['db']);
    const startServer = () => GrpcServer.start(db, certificate);
    const scene: Scene = { lab, app, db, server: await startServer(), startServer };

    const client = await startClient(app, db, certificate);
    const { options } = await hear<{ options: unknown[] }>(client);
    // And maybe those of `connecting`, which were just dropped.
    expect(options.length).toBeGreaterThanOrEqual(SOCKETS);
    expect(options).toEqual(options.map(() => TCP));

    await fault.apply(scene);
    client.send('fault');
    const { outcomes, stockIsStuck } = await hear<{ outcomes: Outcome[]; stockIsStuck: boolean }>(client);
    for (const outcome of outcomes) expectTold(fault, outcome);
    expect(stockIsStuck).toBe(fault.silent);

    await fault.heal(scene);
    client.send('heal');
    const end = await hear<{ recoveries: Recovery[]; oldSockets: number; socketsLeft: number }>(client);
    for (const recovery of end.recoveries) expectServed(fault, recovery);
    for (const [index, outcome] of outcomes.entries()) cells.add(cellFrom(fault, outcome, end.recoveries[index]));
    expect(end).toMatchObject({ oldSockets: 0, socketsLeft: 0 });
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);

test.skipIf(!possible)(
  'while the kernel suspects all connections a call goes to a new one, and those under way are left where they are',
  async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    await GrpcServer.start(db, selfSignedCertificate(['db']));
    const config = { host: db.address, ...PORTS, tcp: SLOW };
    const program = new URL('./grpc-suspect-client.mjs', import.meta.url);
    const client = await app.node(program, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit'] });
    expect(await hear(client)).toBe('ready');
    await lab.cable('app', 'db').cut();
    client.send('fault');
    expect(await hear(client)).toBe('suspected');
    await lab.cable('app', 'db').heal();
    client.send('heal');
    expect(await hear(client)).toEqual({
      verdicts: ['suspect', 'suspect'],
      ...{ answer: 'heard', opened: 1, ended: [], open: [true, true] },
    });
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);

/** A server of grpc-js on a host. */
class GrpcServer implements Server {
  readonly #host: Host;
  readonly #certificate: Certificate;
  #process: NodeProcess;

  private constructor(host: Host, certificate: Certificate, process: NodeProcess) {
    this.#host = host;
    this.#certificate = certificate;
    this.#process = process;
  }

  static async start(host: Host, certificate: Certificate): Promise<GrpcServer> {
    return new GrpcServer(host, certificate, await serve(host, certificate));
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  async restart(): Promise<void> {
    this.#process = await serve(this.#host, this.#certificate);
  }
}

async function serve(host: Host, certificate: Certificate): Promise<NodeProcess> {
  const args = [JSON.stringify({ ...PORTS, ...certificate })];
  const server = await host.node(new URL('./grpc-server.mjs', import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await hear(server);
  return server;
}

function startClient(app: Host, db: Host, { certificate }: Certificate): Promise<NodeProcess> {
  const config = {
    ...{ host: db.address, ...PORTS, ca: certificate, tcp: TCP },
    patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
    impatienceMillis: IMPATIENCE_MILLIS,
  };
  return app.node(new URL('./grpc-client.mjs', import.meta.url), [JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function hear<M>(process: NodeProcess): Promise<M> {
  const ended = process.exited.then((exit) => {
    throw new Error(`a process ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(process.messages, 'message'), ended]);
  return message as M;
}

function expectTold(fault: Fault, { transport, state, told, tookMillis, held }: Outcome): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  for (const each of told) expectError(fault, state, each, cell);
  const [soonest, latest] = bounds(fault, state);
  expect(tookMillis, cell).toBeGreaterThan(soonest);
  expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
  expect(held, cell).toBe(0);
}

function expectError(fault: Fault, state: string, told: Outcome['told'][number], cell: string): void {
  if (typeof told === 'string') expect.fail(`${cell}: ${told}`);
  else if (state === 'idle') expect(told.message, cell).toBe('not ready');
  else if (state === 'pooled, idle') {
    expect([...fault.ends, 'peer-closed', 'socket-closed'], cell).toContain(told.code ?? told.message);
  } else if (state === 'pooled, connecting') {
    expect(told.code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
    expect(['ERR_POOL_CONNECT', UNAVAILABLE], cell).toContain(told.cause?.code);
  } else if (told.code === INTERNAL) {
    // grpc-js has UNAVAILABLE for two of the kernel's errors, and this for all others.
    expect(told.message, cell).toMatch(/E(HOST|NET)UNREACH|EPIPE/);
  } else expect(told, cell).toMatchObject({ code: UNAVAILABLE });
}

/** When whoever is in this state can be told, and has to be. */
function bounds(fault: Fault, state: string): readonly [soonest: number, latest: number] {
  if (state === 'pooled, connecting') return [IMPATIENCE_MILLIS - 50, IMPATIENCE_MILLIS];
  if (state.startsWith('queued')) return [-1, CONNECT_MILLIS];
  return fault.silent ? [SOONEST_MILLIS, KERNEL_MILLIS] : [-1, 0];
}

function expectServed(fault: Fault, { transport, state, answer, tookMillis, lentAgain }: Recovery): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  expect(answer, cell).toBe('answered');
  expect(tookMillis, cell).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
  expect(lentAgain, cell).toBe(false);
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

function wordOf({ code, message, cause }: Told): string {
  const error = cause ?? { code, message };
  return typeof error.code === 'number' ? error.message : String(error.code ?? error.message);
}
