import assert from 'node:assert/strict';
import { credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { createClient, grpcFactory } from '@lifeguard/grpc';
import { createPool } from '@lifeguard/pool';
import { ECHO } from './grpc-echo.mjs';
import { config, logger } from './service.mjs';

const { host, port, tcp } = config;
const server = [makeGenericClientConstructor(ECHO, 'Echo'), `${host}:${port}`, credentials.createInsecure()];
const client = createClient(...server, { channels: 2, tcp });
assert.equal(await say(client, 'hello'), 'heard');
await assert.rejects(say(client, 'hang', { deadline: Date.now() + 100 }), { code: status.DEADLINE_EXCEEDED });
const stream = client.repeat('hello');
assert.equal(await new Promise((resolve) => stream.once('data', resolve)), 'begun');
stream.on('error', () => {}).cancel();
client.close();

const pool = createPool(grpcFactory(...server), { tcp, logger, max: 1 });
assert.equal(await pool.use((connection) => say(connection, 'hello')), 'heard');
await pool.close();

function say(to, words, options = {}) {
  return new Promise((resolve, reject) => {
    to.say(words, options, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}
