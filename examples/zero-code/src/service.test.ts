import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Host, Lab, type NodeProcess, startPostgres, startRedis } from '@lifeguard/lab';
import { expect, test } from 'vitest';

const START = fileURLToPath(new URL('../start.sh', import.meta.url));
const SERVICE = fileURLToPath(new URL('./service.js', import.meta.url));
const VISITOR = new URL('./visitor.fixture.mjs', import.meta.url);
const PATHS = ['/orders', '/visits'];

/** So that the kernel gives up within 3.5 s, not 11.5. */
const SHORT = {
  LIFEGUARD_KEEPALIVE_IDLE: '1s',
  LIFEGUARD_KEEPALIVE_INTERVAL: '1s',
  LIFEGUARD_KEEPALIVE_COUNT: '2',
  LIFEGUARD_USER_TIMEOUT: '2s',
};
const KERNEL_MILLIS = 3500;
/** What a busy machine may add. */
const NOISE_MILLIS = 1500;
/** A connect that was begun in the dark is given up after 2 s, and there may be a pause before the next. */
const RETURN_MILLIS = 6000;

interface Visit {
  readonly path: string;
  readonly status: number;
  readonly tookMillis: number;
}

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: the example without code, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible)(
  'with two lines in its start script, a service answers its visitors soon after the cable was cut; without them it lets them wait',
  async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const [postgres, redis] = await Promise.all([startPostgres(db), startRedis(db)]);
    const env = {
      ...SHORT,
      PORT: '0',
      DATABASE_URL: postgres.connectionString,
      REDIS_URL: `redis://:${redis.password}@${redis.host}:${redis.port}`,
    };
    const withLines = await start(app, START, [], env);
    const withoutLines = await start(app, process.execPath, [SERVICE], env);
    for (const visitor of [withLines, withoutLines]) {
      expect((await visitAll(visitor)).map(({ status }) => status)).toEqual([200, 200]);
    }

    await lab.cable('app', 'db').cut();
    const stuck = visitAll(withoutLines).then(() => 'answered');
    for (const { path, status, tookMillis } of await visitAll(withLines)) {
      expect(status, path).toBe(503);
      expect(tookMillis, path).toBeLessThan(KERNEL_MILLIS + NOISE_MILLIS);
    }
    expect(await Promise.race([stuck, delay(KERNEL_MILLIS, 'waiting')])).toBe('waiting');

    await lab.cable('app', 'db').heal();
    const deadline = performance.now() + RETURN_MILLIS;
    let statuses: number[] = [];
    while (statuses.some((status) => status !== 200) || statuses.length === 0) {
      expect(performance.now(), `status ${statuses}`).toBeLessThan(deadline);
      statuses = (await visitAll(withLines)).map(({ status }) => status);
    }
  },
);

/** Starts the service and, on the same host, somebody who visits it. */
async function start(app: Host, command: string, args: string[], env: Record<string, string>): Promise<NodeProcess> {
  const service = await app.spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = service.exited.then((exit) => {
    throw new Error(`the service ended early: ${JSON.stringify(exit)}`);
  });
  const [line] = (await Promise.race([once(createInterface(service.stdout), 'line'), ended])) as [string];
  return app.node(VISITOR, [line.replace('listening on port ', '')], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** All at once; by path. */
async function visitAll(visitor: NodeProcess): Promise<Visit[]> {
  const visits: Visit[] = [];
  const done = new Promise<Visit[]>((resolve) => {
    const hear = (visit: unknown) => {
      visits.push(visit as Visit);
      if (visits.length < PATHS.length) return;
      visitor.messages.off('message', hear);
      resolve(visits.toSorted((one, other) => one.path.localeCompare(other.path)));
    };
    visitor.messages.on('message', hear);
  });
  await Promise.all(PATHS.map((path) => visitor.send(path)));
  return done;
}
