import { once } from 'node:events';
import { type Host, Lab, type NodeProcess } from '@lifeguard/lab';
import type { TcpInfo, TcpOptions, Verdict } from '@lifeguard/tcp';
import { describe, expect, test, vi } from 'vitest';
import { DEFAULTS } from './limits.js';

const PORT = 4000;
const TIMEOUT_MILLIS = 800;
/** What a busy machine may add. */
const NOISE_MILLIS = 500;

/** Two probes of the kernel's own are out, and it has not given up yet, from 2 s to 30 s after the last sign. */
const PATIENT: TcpOptions = { ...DEFAULTS, keepAliveIdleMillis: 1000, keepAliveCount: 20, userTimeoutMillis: 30_000 };

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: probes in the lab, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

interface Probed {
  readonly answer: Verdict;
  readonly tookMillis: number;
  readonly before?: TcpOptions;
  readonly after?: TcpOptions;
}

interface Look {
  readonly verdict: Verdict;
  readonly info?: TcpInfo;
  readonly error?: string;
  readonly destroyed: boolean;
}

/** The other end of `probe-client.mjs`. */
class Client {
  readonly #process: NodeProcess;
  #calls = 0;

  constructor(process: NodeProcess) {
    this.#process = process;
    // Several calls wait at once, each for its own answer.
    process.messages.setMaxListeners(0);
  }

  connect(host: string, tcp?: TcpOptions): Promise<number> {
    return this.#call('connect', host, PORT, tcp);
  }

  send(index: number, bytes: number): Promise<void> {
    return this.#call('send', index, bytes);
  }

  probe(index: number, timeoutMillis?: number): Promise<Probed> {
    return this.#call('probe', index, timeoutMillis);
  }

  look(index: number): Promise<Look> {
    return this.#call('look', index);
  }

  probeUntilDead(index: number, timeoutMillis: number): Promise<{ answers: Verdict[]; tookMillis: number }> {
    return this.#call('probeUntilDead', index, timeoutMillis);
  }

  /** The kernel itself must have heard nothing for so long, there is no event to wait for. */
  async untilSilent(index: number, millis = 1050): Promise<void> {
    const silence = async () => (await this.look(index)).info?.lastAckReceivedMillis;
    await vi.waitFor(async () => expect(await silence()).toBeGreaterThan(millis), { timeout: millis + 5000 });
  }

  async untilVerdict(index: number, verdict: Verdict): Promise<Look> {
    return vi.waitFor(
      async () => {
        const look = await this.look(index);
        expect(look.verdict).toBe(verdict);
        return look;
      },
      { timeout: 20_000 },
    );
  }

  async #call<R>(operation: string, ...args: unknown[]): Promise<R> {
    const id = this.#calls++;
    const answered = new Promise<R>((resolve, reject) => {
      const listener = (message: unknown) => {
        const reply = message as { id: number; result: R; error?: string };
        if (reply.id !== id) return;
        this.#process.messages.off('message', listener);
        if (reply.error === undefined) resolve(reply.result);
        else reject(new Error(reply.error));
      };
      this.#process.messages.on('message', listener);
    });
    await this.#process.send({ id, operation, args: args.map((argument) => argument ?? null) });
    return answered;
  }
}

interface Scene extends AsyncDisposable {
  readonly lab: Lab;
  readonly db: Host;
  readonly server: NodeProcess;
  readonly client: Client;
}

async function setUp(): Promise<Scene> {
  const lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const server = await startServer(db);
  const program = new URL('./probe-client.mjs', import.meta.url);
  const client = new Client(await app.node(program, [], { stdio: ['ignore', 'inherit', 'inherit'] }));
  return { lab, db, server, client, [Symbol.asyncDispose]: () => lab.close() };
}

async function startServer(db: Host): Promise<NodeProcess> {
  const program = new URL('./probe-server.mjs', import.meta.url);
  const server = await db.node(program, [String(PORT)], { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(server.messages, 'message');
  return server;
}

function expectUnanswered({ answer, tookMillis, before, after }: Probed): void {
  expect(answer).toBe('suspect');
  expect(tookMillis).toBeGreaterThan(TIMEOUT_MILLIS - 5);
  expect(tookMillis).toBeLessThan(TIMEOUT_MILLIS + NOISE_MILLIS);
  expect(after).toEqual(before);
}

function expectAnswered({ answer, tookMillis, before, after }: Probed): void {
  expect(answer).toBe('alive');
  expect(tookMillis).toBeLessThan(TIMEOUT_MILLIS);
  expect(after).toEqual(before);
}

describe.skipIf(!possible).concurrent('a probe, when packets are really lost', () => {
  test.each([
    ['hardened', DEFAULTS],
    ['untouched', undefined],
    // A probe that was lost must not let this user timeout end what has been silent for longer.
    [
      'with a user timeout shorter than its silence',
      { ...DEFAULTS, keepAliveIdleMillis: 60_000, userTimeoutMillis: 500 },
    ],
  ])('a connection, %s: suspect in time when the cable is cut, alive when it is healed', async (_, tcp) => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, tcp);
    await client.untilSilent(index);
    expectAnswered(await client.probe(index, TIMEOUT_MILLIS));
    await client.untilSilent(index);
    await lab.cable('app', 'db').cut();
    expectUnanswered(await client.probe(index, TIMEOUT_MILLIS));
    expect(await client.look(index)).toMatchObject({ verdict: 'suspect', destroyed: false });
    await lab.cable('app', 'db').heal();
    expectAnswered(await client.probe(index, TIMEOUT_MILLIS));
    expect(await client.look(index)).toMatchObject({ verdict: 'alive', info: { probes: 0 }, destroyed: false });
  });

  test.each(['app->db', 'db->app'] as const)('a cable that is cut from %s only: suspect', async (direction) => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, DEFAULTS);
    await client.untilSilent(index);
    await lab.cable('app', 'db').drop({ direction });
    expectUnanswered(await client.probe(index, TIMEOUT_MILLIS));
  });

  test('the cable is healed while it is being asked: alive, and no later than the next of its probes', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, DEFAULTS);
    await client.untilSilent(index);
    await lab.cable('app', 'db').cut();
    const asking = client.probe(index, 4000);
    await client.untilSilent(index, 1300);
    await lab.cable('app', 'db').heal();
    const { answer, tookMillis } = await asking;
    expect(answer).toBe('alive');
    expect(tookMillis).toBeLessThan(2000 + NOISE_MILLIS);
  });

  test('one packet in ten is lost, each way: a healthy peer is found alive nearly always, and never dead', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const indices = await Promise.all(Array.from({ length: 100 }, () => client.connect(db.address, DEFAULTS)));
    await client.untilSilent(indices.at(-1) ?? 0, 1200);
    await lab.cable('app', 'db').drop({ percent: 10 });
    const probed = await Promise.all(indices.map((index) => client.probe(index)));
    const count = (verdict: Verdict) => probed.filter(({ answer }) => answer === verdict).length;
    console.info(`10 % lost each way: ${count('alive')} of ${probed.length} alive, ${count('suspect')} suspect`);
    // One probe alone misses 19 %, three that are answered each by itself miss 0.7 %.
    expect(count('alive')).toBeGreaterThanOrEqual(94);
    expect(count('alive') + count('suspect')).toBe(probed.length);
    await lab.cable('app', 'db').heal();
    for (const index of indices) expect(await client.look(index)).toMatchObject({ destroyed: false });
  });

  test('the peer’s process is frozen: alive', async () => {
    await using scene = await setUp();
    const { db, client, server } = scene;
    const index = await client.connect(db.address, DEFAULTS);
    await server.freeze();
    await client.untilSilent(index);
    expectAnswered(await client.probe(index, TIMEOUT_MILLIS));
  });

  test('the peer is powered off: suspect; powered on again it knows nothing of the connection: dead', async () => {
    await using scene = await setUp();
    const { db, client } = scene;
    const index = await client.connect(db.address, DEFAULTS);
    await client.untilSilent(index);
    await db.powerOff();
    expectUnanswered(await client.probe(index, TIMEOUT_MILLIS));
    await db.powerOn();
    expect(await client.probe(index, 3000)).toMatchObject({ answer: 'dead' });
    expect((await client.look(index)).destroyed).toBe(true);
  });

  test('data are unacknowledged: suspect when the cable is cut, alive when it is healed', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, DEFAULTS);
    await client.untilSilent(index);
    await lab.cable('app', 'db').cut();
    await client.send(index, 2000);
    expectUnanswered(await client.probe(index, TIMEOUT_MILLIS));
    const { info } = await client.look(index);
    expect(info).toMatchObject({ probes: 0 });
    expect(info?.unacked).toBeGreaterThan(0);
    await lab.cable('app', 'db').heal();
    expect((await client.probe(index, 5000)).answer).toBe('alive');
  });

  test('asked without a pause, a dead connection ends when its user timeout is over, no later', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const tcp = { ...DEFAULTS, keepAliveIdleMillis: 1000, userTimeoutMillis: 3000 };
    const index = await client.connect(db.address, tcp);
    await client.untilSilent(index, 900);
    await lab.cable('app', 'db').cut();
    const { answers, tookMillis } = await client.probeUntilDead(index, TIMEOUT_MILLIS);
    console.info(`user timeout 3 s, asked without a pause: ended ${Math.round(tookMillis)} ms after 1 s of silence`);
    expect(answers).toContain('suspect');
    expect(tookMillis).toBeGreaterThan(1000);
    expect(tookMillis).toBeLessThan(2000 + NOISE_MILLIS);
    expect((await client.look(index)).error).toBe('ETIMEDOUT');
  });
});

describe.skipIf(!possible).concurrent('a verdict, when packets are really lost', () => {
  test('idle: suspect after two probes of the kernel’s own, alive when the cable is healed', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, PATIENT);
    await lab.cable('app', 'db').cut();
    expect((await client.look(index)).verdict).toBe('alive');
    const { info } = await client.untilVerdict(index, 'suspect');
    expect(info?.probes).toBeGreaterThanOrEqual(2);
    expect(info).toMatchObject({ retransmits: 0, unacked: 0 });
    await lab.cable('app', 'db').heal();
    expect((await client.untilVerdict(index, 'alive')).info).toMatchObject({ probes: 0 });
  });

  test('sending: suspect after two retransmissions, alive when the cable is healed', async () => {
    await using scene = await setUp();
    const { lab, db, client } = scene;
    const index = await client.connect(db.address, PATIENT);
    await lab.cable('app', 'db').cut();
    await client.send(index, 2000);
    expect((await client.look(index)).verdict).toBe('alive');
    const { info } = await client.untilVerdict(index, 'suspect');
    expect(info?.retransmits).toBeGreaterThanOrEqual(2);
    expect(info?.unacked).toBeGreaterThan(0);
    await lab.cable('app', 'db').heal();
    expect((await client.untilVerdict(index, 'alive')).info).toMatchObject({ retransmits: 0, unacked: 0 });
  });
});
