import { amqplib } from './amqplib.js';
import type { Driver } from './driver.js';
import { fetch } from './fetch.js';
import { grpc } from './grpc.js';
import { http } from './http.js';
import { ioredis } from './ioredis.js';
import { mariadb } from './mariadb.js';
import { mysql2 } from './mysql2.js';
import { nats } from './nats.js';
import { net } from './net.js';
import { pg } from './pg.js';
import { redis } from './redis.js';

/** What `--driver` takes. */
export type DriverName =
  | 'pg'
  | 'mysql2'
  | 'mariadb'
  | 'ioredis'
  | 'redis'
  | 'amqplib'
  | 'nats'
  | 'grpc'
  | 'http'
  | 'fetch'
  | 'net';

/** All that can be put on the stage. */
export const DRIVERS: Readonly<Record<DriverName, Driver>> = {
  pg,
  mysql2,
  mariadb,
  ioredis,
  redis,
  amqplib,
  nats,
  grpc,
  http,
  fetch,
  net,
};

export const DRIVER_NAMES = Object.keys(DRIVERS) as DriverName[];
