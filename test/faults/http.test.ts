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
/** By these options the kernel gives up within 3.5 s: idle 1 s, then probes 1 s apart, and its timers' own slack. */
const KERNEL_MILLIS = 3500;
/** What a busy machine may add; and undici counts its time to connect with a clock that ticks every half second. */
const NOISE_MILLIS = 1500;
/** No live kernel is given up sooner: one probe interval after the silence began, or the user timeout. */
const SOONEST_MILLIS = 900;
const RETURN_MILLIS = 1000;
const CONNECT_TIMEOUT_MILLIS = 2500;
/** 2 transports x 3 clients x 4 states with 2 sockets each. */
const SOCKETS = 48;
const PORTS = { port: 8000, tlsPort: 8001 };

interface Told {
  readonly code?: string;
  readonly message: string;
  readonly cause?: Told;
}

interface Outcome {
  readonly transport: string;
  readonly client: string;
  readonly state: string;
  readonly told: readonly (Told | 'answered' | 'still waiting')[];
  readonly tookMillis: number;
}

interface Recovery {
  readonly answer: unknown;
  readonly tookMillis: number;
}

const cells = new Cells('http');

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: faults of HTTP, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  '%s: every request is told in time, no dead socket is used, all are served again, nothing is left',
  async (_, fault) => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const certificate = selfSignedCertificate([db.address]);
    const startServer = () => start(db, certificate);
    const scene: Scene = { lab, app, db, server: await startServer(), startServer };

    const config = {
      ...{ host: db.address, ...PORTS, ca: certificate.certificate, tcp: TCP },
      patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
      impatienceMillis: CONNECT_TIMEOUT_MILLIS,
    };
    const client = await app.node(new URL('./http-client.mjs', import.meta.url), [JSON.stringify(config)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { options } = await hear<{ options: unknown[] }>(client);
    expect(options).toEqual(Array(SOCKETS).fill(TCP));

    await fault.apply(scene);
    client.send('fault');
    const { outcomes, stuck } = await hear<{ outcomes: Outcome[]; stuck: number }>(client);
    for (const outcome of outcomes) expectTold(fault, outcome);
    expect(stuck).toBe(fault.silent ? 2 : 0);

    await fault.heal(scene);
    client.send('heal');
    const end = await hear<{ recoveries: Recovery[]; oldSockets: number; socketsLeft: number }>(client);
    for (const [index, recovery] of end.recoveries.entries()) expectServed(cellOf(fault, outcomes[index]), recovery);
    for (const [index, outcome] of outcomes.entries()) cells.add(cellFrom(fault, outcome, end.recoveries[index]));
    expect(end).toMatchObject({ oldSockets: 0, socketsLeft: 0 });
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);

async function start(db: Host, certificate: Certificate): Promise<Server> {
  let server = await launch(db, certificate);
  return {
    async kill() {
      server.kill('SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await launch(db, certificate);
    },
  };
}

async function launch(db: Host, certificate: Certificate): Promise<NodeProcess> {
  const config = JSON.stringify({ ...PORTS, ...certificate });
  const server = await db.node(new URL('./http-server.mjs', import.meta.url), [config], {
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

function expectTold(fault: Fault, outcome: Outcome): void {
  const cell = cellOf(fault, outcome);
  const { state, told, tookMillis } = outcome;
  const isConnecting = state === 'connecting';
  expect(told, cell).toHaveLength(2);
  const codes = told.map((each) => (typeof each === 'string' ? each : codeOf(each)));
  // undici has errors of its own for a connect that takes too long, and for a peer that has closed.
  const expected = isConnecting ? [...fault.refuses, 'UND_ERR_CONNECT_TIMEOUT'] : [...fault.ends, ...closing(fault)];
  for (const code of codes) expect(expected, cell).toContain(code);
  const [soonest, latest] = isConnecting
    ? [-1, CONNECT_TIMEOUT_MILLIS]
    : fault.silent
      ? [SOONEST_MILLIS, KERNEL_MILLIS]
      : [-1, 0];
  expect(tookMillis, cell).toBeGreaterThan(soonest);
  expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
}

/** Of a socket that the peer has closed, undici says this; and an idle one of Node.js has no error at all. */
function closing({ silent }: Fault): readonly string[] {
  return silent ? [] : ['UND_ERR_SOCKET'];
}

function expectServed(cell: string, { answer, tookMillis }: Recovery): void {
  expect(answer, cell).toBe('answered');
  expect(tookMillis, cell).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
}

function cellOf(fault: Fault, outcome: Outcome | undefined): string {
  return `${fault.name}, ${outcome?.client}, ${outcome?.state}, ${outcome?.transport}`;
}

/** `fetch` has a TypeError with the error as its cause. */
function codeOf({ code, cause }: Told): string | undefined {
  return cause?.code ?? code;
}

function cellFrom({ name }: Fault, { client, state, transport, told, tookMillis }: Outcome, recovery?: Recovery): Cell {
  const words = told.map((each) => (typeof each === 'string' ? each : (codeOf(each) ?? each.message)));
  return {
    fault: name,
    state: `${client}, ${state}`,
    transport,
    told: words,
    toldMillis: tookMillis,
    servedMillis: recovery?.tookMillis,
  };
}
