import { Lab } from '@lifeguard/lab';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { AMQPLIB } from '../faults/amqplib-matrix.js';
import type { Cell } from '../faults/cells.js';
import { FAULTS, type Scene } from '../faults/fault.js';
import { GRPC } from '../faults/grpc-matrix.js';
import { HTTP } from '../faults/http-matrix.js';
import { NATS } from '../faults/nats-matrix.js';
import { PG } from '../faults/pg-matrix.js';
import { IOREDIS, REDIS } from '../faults/redis-matrix.js';
import { Service } from '../faults/service.js';
import { MARIADB, MYSQL2 } from '../faults/sql-matrix.js';
import { arePossible, type Matrix, suffer } from '../faults/test-faults.js';
import { isTakenFrom, oldestTaken, tooNew, usualVersion, versionOf } from './drivers.js';
import { makeRoom } from './room.js';

// Every adapter with other versions of its drivers than it is tested with elsewhere: the oldest that it takes, and the other
// majors. Each is used as programs do, and then suffers a silent drop in every state of its fault matrix.

interface Trial {
  readonly matrix: Matrix;
  /** The drivers' names, and the names that they have in `package.json`. */
  readonly drivers: Readonly<Record<string, string>>;
  /** What else its service must know. */
  readonly access?: object;
}

type Trials = readonly [Trial, ...Trial[]];

/** By the servers that they share, in rounds: more at once than there are in a round would spoil each other's times. */
const ROUNDS: readonly Readonly<Record<string, Trials>>[] = [
  {
    RabbitMQ: [
      { matrix: AMQPLIB, drivers: { amqplib: 'amqplib-0.10.0' }, access: { recovery: false } },
      { matrix: AMQPLIB, drivers: { amqplib: 'amqplib-1' }, access: { recovery: false } },
    ],
    'Redis and ioredis': [
      { matrix: IOREDIS, drivers: { ioredis: 'ioredis-5.4.0' } },
      { matrix: IOREDIS, drivers: { ioredis: 'ioredis-6' } },
    ],
    PostgreSQL: [{ matrix: PG, drivers: { pg: 'pg-8.11.0' } }],
    NATS: [{ matrix: NATS, drivers: { '@nats-io/transport-node': 'transport-node-3.0.0', nats: 'nats-2.20.0' } }],
  },
  {
    MariaDB: [
      { matrix: MYSQL2, drivers: { mysql2: 'mysql2-3.9.0' } },
      { matrix: MARIADB, drivers: { mariadb: 'mariadb-3.4.0' } },
      { matrix: MARIADB, drivers: { mariadb: 'mariadb-3.5.3' } },
    ],
    'Redis and node-redis': [
      { matrix: REDIS, drivers: { redis: 'redis-5.0.0' } },
      { matrix: REDIS, drivers: { redis: 'redis-6' } },
    ],
    'a server of gRPC': [{ matrix: GRPC, drivers: { '@grpc/grpc-js': 'grpc-1.13.0' } }],
    'a server of HTTP': [
      { matrix: HTTP, drivers: { undici: 'undici-7.9.0' } },
      // Where HTTP/2 is allowed, as it is since undici 8, the second request waits for what becomes of the first one's connect.
      { matrix: HTTP, drivers: { undici: 'undici-8' }, access: { fetch: 'undici', allowH2: false } },
    ],
  },
];

const DROP = FAULTS.find(({ name }) => name === 'silent drop');

const seen: object[] = [];
afterAll(() => console.table(seen));

const ALL = ROUNDS.flatMap((round) => Object.values(round).flat());
/** Each driver's adapter. */
const ADAPTERS = new Map(
  ALL.flatMap(({ matrix, drivers }) => Object.keys(drivers).map((driver) => [driver, matrix.adapter])),
);

test.each([...ADAPTERS])('of every major of %s that is taken, one is tried; of all, the oldest', (driver, adapter) => {
  const tried = ALL.flatMap(({ drivers }) => drivers[driver] ?? []).map(versionOf);
  const [oldest, ...others] = oldestTaken(adapter, driver);
  expect(tried).toContain(oldest);
  for (const other of others) {
    const ofThisMajor = [...tried, usualVersion(adapter, driver)].filter((version) => isTakenFrom(other, version));
    expect(ofThisMajor, other).not.toEqual([]);
  }
});

for (const [index, round] of ROUNDS.entries()) {
  describe(`the oldest versions and the other majors, round ${index + 1}`, async () => {
    for (const [servers, trials] of Object.entries(round)) {
      const possible = await arePossible(trials[0].matrix);
      test
        .skipIf(!possible)
        .concurrent(`${servers}: they work, and tell of a silent drop in time`, (context) => tryAll(trials, context));
    }
  });
}

async function tryAll(trials: Trials, { onTestFinished }: TestContext): Promise<void> {
  await using lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const startServer = () => trials[0].matrix.start(db);
  const server = await startServer();
  const scene: Scene = { lab, app, db, server, startServer };

  const able = trials.filter(canRun);
  const services: Service[] = [];
  for (const { matrix, drivers, access } of able) {
    const room = await makeRoom(matrix.adapter, drivers);
    onTestFinished(() => room.remove());
    services.push(await Service.start(app, room.program, { ...server.access, ...access }, matrix));
  }
  expect(services).not.toHaveLength(0);
  if (!DROP) throw new Error('there is no fault of that name');
  const cells = await suffer(DROP, scene, services);
  for (const [index, { drivers }] of able.entries()) {
    const ofDriver = cells[index] ?? [];
    expect(ofDriver, Object.keys(drivers).join()).not.toEqual([]);
    seen.push(lineOf(drivers, ofDriver));
  }
}

function canRun({ drivers }: Trial): boolean {
  const reasons = Object.values(drivers).flatMap((alias) => tooNew(alias) ?? []);
  for (const reason of reasons) console.warn(`left out: ${reason}`);
  return reasons.length === 0;
}

function lineOf(drivers: Trial['drivers'], cells: readonly Cell[]) {
  const range = (all: readonly number[]) =>
    [Math.min(...all), Math.max(...all)].map((millis) => (millis / 1000).toFixed(1)).join(' to ');
  return {
    driver: Object.entries(drivers)
      .map(([driver, alias]) => `${driver} ${versionOf(alias)}`)
      .join(', '),
    states: cells.length,
    'told after, s': range(cells.map(({ toldMillis }) => toldMillis)),
    'served after healing, s': range(cells.map(({ servedMillis = 0 }) => servedMillis)),
  };
}
