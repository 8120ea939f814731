import { inspect } from 'node:util';
import { createPool } from '@lifeguard/pool';
import { expect, test } from 'vitest';
import { createClient, createClientPool, createCluster, redisFactory } from './index.js';

const url = 'redis://:s3cret@host:port';
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

test.each([
  ['createClient', async () => createClient({ url })],
  ['createClientPool', async () => createClientPool({ url }).connect()],
  ['createCluster', async () => createCluster({ rootNodes: [{ url }] })],
  ['redisFactory', () => createPool(redisFactory(url), { logger }).acquire()],
])('%s does not show a URL that can’t be parsed, for it may have a password in it', async (_, make) => {
  const error = await make().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'ERR_CONFIG' });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('s3cret');
});
