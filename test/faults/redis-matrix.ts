import { once } from 'node:events';
import { type Host, Lab, type NodeProcess, type RedisServer, redisUnavailable, startRedis } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { type Cell, Cells } from './cells.js';
import { FAULTS, type Fault, type Scene } from './matrix.js';

/** Short options, so that the whole matrix takes half a minute; see the table of targets in the README. */
export const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 2,
  userTimeoutMillis: 2000,
};
/** By these options the kernel gives up within 3.5 s: idle 1 s, then probes 1 s apart, and its timers' own slack. */
export const KERNEL_MILLIS = 3500;
/** What a busy machine may add. */
export const NOISE_MILLIS = 1500;
/** No live kernel is given up sooner: one probe interval after the silence began, or the user timeout. */
const SOONEST_MILLIS = 900;
/** A connect that nobody answers is given up after 0.75 s, and the next is begun at once. */
const RECONNECT_MILLIS = 850;
const RETURN_MILLIS = 1000;
const IMPATIENCE_MILLIS = 2500;

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
  readonly held: number;
}

interface Recovery {
  readonly transport: string;
  readonly state: string;
  readonly answer: unknown;
  readonly tookMillis: number;
  readonly lentAgain: boolean;
}

export interface Matrix {
  /** Whose matrix it is, for the report. */
  readonly adapter: string;
  /** The service on the host `app`. */
  readonly program: URL;
  /** Sockets that it has opened and hardened, when the fault comes. */
  readonly sockets: number;
  /** What a call is told that was in flight, or that waited for a connection, when its connection ended. */
  readonly ends: RegExp;
}

const unavailable = (await Lab.available()) ?? redisUnavailable();
if (unavailable) console.warn(`left out: faults of Redis, because ${unavailable}`);
export const possible = process.env['CI'] === 'true' || unavailable === undefined;

/** Every fault of the matrix, by every state that the service has clients in. */
export function testFaults(matrix: Matrix): void {
  const cells = new Cells(matrix.adapter);

  test.skipIf(!possible).concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: every call is told in time or is retried, no dead connection is used, all serve again, nothing is left',
    async (_, fault) => {
      await using lab = await Lab.create();
      const [app, db] = [await lab.host('app'), await lab.host('db')];
      const redis = await startRedis(db, { tls: true });
      const startServer = () => startRedis(db, { password: redis.password, tls: true });
      const scene: Scene = { lab, app, db, server: redis, startServer };

      const client = await startService(matrix.program, app, redis);
      const { options } = await hear<{ options: unknown[] }>(client);
      expect(options).toEqual(Array(matrix.sockets).fill(TCP));

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

function startService(program: URL, app: Host, { host, port, tlsPort, password }: RedisServer): Promise<NodeProcess> {
  const config = {
    ...{ host, port, tlsPort, password },
    tcp: TCP,
    patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
    impatienceMillis: IMPATIENCE_MILLIS,
  };
  return app.node(program, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit'] });
}

export async function hear<M>(client: NodeProcess): Promise<M> {
  const ended = client.exited.then((exit) => {
    throw new Error(`the client ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(client.messages, 'message'), ended]);
  return message as M;
}

function expectTold(matrix: Matrix, fault: Fault, { transport, state, told, tookMillis, held }: Outcome): void {
  const cell = `${fault.name}, ${state}, ${transport}`;
  for (const each of told) {
    const { message, code, cause } = typeof each === 'string' ? { message: each } : (each as Told);
    if (state === 'pooled, connecting') {
      expect(code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
      expect(fault.refuses, cell).toContain(cause?.code);
    } else if (fault.ends.includes(code) && code !== undefined) {
      expect(message, cell).toContain(code);
    } else {
      expect(message, cell).toMatch(matrix.ends);
    }
  }
  const [soonest, latest] = bounds(fault, state);
  expect(tookMillis, cell).toBeGreaterThan(soonest);
  expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
  expect(held, cell).toBe(0);
}

/** When whoever is in this state can be told, and has to be. */
function bounds(fault: Fault, state: string): readonly [soonest: number, latest: number] {
  if (state === 'pooled, connecting') return [IMPATIENCE_MILLIS - 50, IMPATIENCE_MILLIS];
  if (state === 'queued') return [0, RECONNECT_MILLIS];
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

function wordOf({ code, name, message, cause }: Told): string {
  return cause?.code ?? code ?? (name === undefined || name === 'Error' ? message : name);
}
