import assert from 'node:assert/strict';
import { once } from 'node:events';
import { capabilities, inspect, type TcpOptions } from '@lifeguard/tcp';
import { socketFailure } from '../classify.js';
import type { Factory } from '../factory.js';
import { Scene, soon } from './scene.js';
import type { Address, Dirt, Subject } from './subject.js';

/** One thing that is asked of a factory. */
export interface Check {
  /** What is promised. */
  readonly name: string;
  /** Rejects if the promise is broken. */
  run(): Promise<void>;
}

/** Other than the defaults, and other than what any driver sets. */
const TCP: TcpOptions = {
  keepAlive: true,
  keepAliveIdleMillis: 7000,
  keepAliveIntervalMillis: 3000,
  keepAliveCount: 4,
  userTimeoutMillis: 17_000,
};

/** How long callers wait for a server that refuses connections. */
const IMPATIENCE_MILLIS = 700;

/** Everything that the suite asks of a factory, in the order in which it is best mended. */
export function checksFor<T>(subject: Subject<T>): Check[] {
  const check = (name: string, play: (scene: Scene<T>) => Promise<void>): Check => ({
    name,
    run: () => Scene.play(subject, play),
  });
  const { dirt = {}, hopeless = {} } = subject;
  return [
    check('a connection works, and is lent again after a clean loan', lendTwice),
    check('every socket is hardened: the kernel has the options that were asked for', findHardened),
    check('destroy closes the sockets: nothing is left when the pool is closed', closeAll),
    check('destroy ends on a connection that is lost', destroyLost),
    check('an idle connection that is reset leaves the pool at once', (scene) => loseIdle(scene, 'reset')),
    check('an idle connection that its server ends leaves the pool at once', (scene) => loseIdle(scene, 'end')),
    check('a connection that breaks while it is lent is not lent again', loseLent),
    check('a connect that fails is told, and the server’s return is noticed', connectInVain),
    check('an error of a connection that nobody listens to ends nothing', loseUnheard),
    check('validate says yes of a connection that works, and not of one that is lost', validateBoth),
    check('isFatal: an error that does no harm does not cost the connection; that of a lost one does', judgeErrors),
    ...Object.entries(dirt).map(([name, each]) => check(`not lent dirty: ${name}`, (scene) => lendAfter(scene, each))),
    ...Object.entries(hopeless).map(([name, makeFactory]) =>
      check(`isPermanent: ${name} is told at once`, (scene) => refuseAtOnce(scene, makeFactory)),
    ),
  ];
}

async function lendTwice<T>(scene: Scene<T>): Promise<void> {
  const pool = scene.open();
  const first = await pool.acquire();
  await scene.ask(first);
  await pool.release(first);
  const second = await pool.acquire();
  assert.equal(second, first, 'another connection was opened: reset has failed on a clean one, or it closed by itself');
  await scene.ask(second);
  await pool.release(second);
}

async function findHardened<T>(scene: Scene<T>): Promise<void> {
  const pool = scene.open({ max: 2, maxConnecting: 2, tcp: TCP });
  const connections = await Promise.all([pool.acquire(), pool.acquire()]);
  await Promise.all(connections.map((connection) => scene.ask(connection)));
  const { sockets } = scene;
  assert.ok(sockets.length >= 2, `two connections have ${sockets.length} sockets that Node.js has opened`);
  const { tcpInfo, userTimeout } = capabilities().supported;
  if (!tcpInfo.ok) console.warn(`left out: what the kernel has of a socket, because ${tcpInfo.reason}`);
  const { userTimeoutMillis, ...rest } = TCP;
  const expected = !tcpInfo.ok ? {} : userTimeout.ok ? TCP : rest;
  for (const socket of sockets) {
    const { options = {} } = inspect(socket) ?? {};
    assert.deepEqual(options, { ...options, ...expected }, 'a socket has other options than were asked for');
  }
  await Promise.all(connections.map((connection) => pool.release(connection)));
}

async function closeAll<T>(scene: Scene<T>): Promise<void> {
  const pool = scene.open({ max: 2, destroyTimeoutMillis: 8000 });
  const connections = await Promise.all([pool.acquire(), pool.acquire()]);
  await Promise.all(connections.map((connection) => scene.ask(connection)));
  const [one, other] = connections;
  const { sockets } = scene;
  await pool.release(one);
  await pool.destroy(other);
  await soon('destroy', () => pool.close());
  await soon('the server noticing that the sockets were closed', () => scene.relay.quiet());
  assert.deepEqual(scene.sockets, [], 'sockets are left open');
  assert.ok(sockets.length > 0);
}

async function destroyLost<T>(scene: Scene<T>): Promise<void> {
  const { factory } = scene;
  const connection = await soon('create', () => factory.create());
  await scene.lose('reset');
  // It may complain. It may not hang.
  await soon('destroy', async () => factory.destroy(connection)).catch((error: unknown) => {
    assert.doesNotMatch(String(error), /took longer/);
  });
}

async function loseIdle<T>(scene: Scene<T>, how: 'reset' | 'end'): Promise<void> {
  const pool = scene.open();
  const connection = await pool.acquire();
  await scene.ask(connection);
  await pool.release(connection);
  const evicted = once(pool, 'evict');
  await scene.lose(how);
  const [gone] = await soon('evicting a lost connection', () => evicted);
  assert.equal(gone, connection);
  const next = await pool.acquire();
  assert.notEqual(next, connection, 'the lost connection was lent again');
  await scene.ask(next);
  await pool.release(next);
}

async function loseLent<T>(scene: Scene<T>): Promise<void> {
  const pool = scene.open();
  const connection = await pool.acquire();
  await scene.ask(connection);
  await scene.lose('reset');
  // As if nothing had happened.
  await pool.release(connection);
  const next = await pool.acquire();
  assert.notEqual(next, connection, 'the broken connection was lent again');
  await scene.ask(next);
  await pool.release(next);
}

async function connectInVain<T>(scene: Scene<T>): Promise<void> {
  const { factory, relay } = scene;
  relay.refuse();
  await assert.rejects(
    soon('create', async () => factory.create()),
    (error) => !/took longer/.test(String(error)) && factory.isPermanent?.(error) !== true,
    'create has to reject when nobody listens, and isPermanent may not call that permanent',
  );
  const pool = scene.open();
  await assert.rejects(pool.acquire({ timeoutMillis: IMPATIENCE_MILLIS }), (error: Error) => {
    assert.equal((error as { code?: unknown }).code, 'ERR_POOL_ACQUIRE_TIMEOUT', String(error));
    assert.notEqual(error.cause, undefined, 'the error of the connect is not told');
    return true;
  });
  const patient = pool.acquire();
  await relay.listen();
  const connection = await patient;
  await scene.ask(connection);
  await pool.release(connection);
}

async function loseUnheard<T>(scene: Scene<T>): Promise<void> {
  const { factory } = scene;
  const connection = await soon('create', () => factory.create());
  await scene.ask(connection);
  // Who listens are the factory and the driver. If neither does, the scene has heard of it.
  await scene.lose('reset');
  await soon('destroy', async () => factory.destroy(connection)).catch(() => {});
}

async function validateBoth<T>(scene: Scene<T>): Promise<void> {
  const { factory } = scene;
  const { validate } = factory;
  if (!validate) return;
  const isValid = async (connection: T) => (await validate.call(factory, connection)) !== false;
  const connection = await soon('create', () => factory.create());
  assert.equal(await soon('validate', () => isValid(connection)), true, 'validate says no of a connection that works');
  await scene.lose('reset');
  const answer = await soon('validate of a lost connection', () => isValid(connection).catch(() => false));
  assert.equal(answer, false, 'validate says yes of a connection that is lost');
  await soon('destroy', async () => factory.destroy(connection)).catch(() => {});
}

async function judgeErrors<T>(scene: Scene<T>): Promise<void> {
  const { factory, subject } = scene;
  if (!factory.isFatal) return;
  const pool = scene.open();
  const connection = await pool.acquire();
  await scene.ask(connection);
  await pool.release(connection);
  if (subject.failHarmlessly) {
    await assert.rejects(pool.use(async (each) => subject.failHarmlessly?.(each)));
    assert.equal(await pool.acquire(), connection, 'an error that does no harm has cost the connection');
    await scene.ask(connection);
    await pool.release(connection);
  }
  const lent = await pool.acquire();
  const underWay = failureOf(() => subject.ask(lent));
  await scene.lose('reset');
  const error = (await soon('a question under way', () => underWay)) ?? (await failureOf(() => scene.ask(lent)));
  assert.notEqual(error, undefined, 'asking on a lost connection has to fail');
  const isFatal = socketFailure(error) !== undefined || factory.isFatal(error, lent);
  assert.equal(isFatal, true, `isFatal says no of ${String(error)}, which a lost connection has failed with`);
  await pool.release(lent, error);
}

async function failureOf(step: () => unknown): Promise<unknown> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function lendAfter<T>(scene: Scene<T>, { leave, isLeft }: Dirt<T>): Promise<void> {
  const pool = scene.open();
  for (const round of [1, 2]) {
    const connection = await pool.acquire();
    await scene.ask(connection);
    await leave(connection);
    await pool.release(connection);
    const next = await pool.acquire();
    assert.equal(await isLeft(next), false, `in round ${round} the next borrower was lent it dirty`);
    await scene.ask(next);
    await pool.release(next);
  }
}

async function refuseAtOnce<T>(scene: Scene<T>, makeFactory: (address: Address) => Factory<unknown>): Promise<void> {
  const pool = scene.openFor(makeFactory(scene.relay.address));
  await assert.rejects(pool.acquire(), (error: Error) => {
    const { code } = error as { code?: unknown };
    assert.notEqual(code, 'ERR_POOL_ACQUIRE_TIMEOUT', 'the caller has waited in vain: isPermanent did not say so');
    return true;
  });
  assert.equal(pool.stats().connectFailures, 1, 'it was tried again');
}
