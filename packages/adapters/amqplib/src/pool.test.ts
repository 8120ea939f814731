import { ConfigError } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { channelFactory } from './factory.js';
import { createChannelPool } from './pool.js';

const url = 'amqp://127.0.0.1:1';

function problemsOf(step: () => unknown): string[] {
  try {
    step();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name, value }) => `${name}=${value}`).sort();
    throw error;
  }
  return [];
}

test('one error names every option that can’t be used, before anything is connected', () => {
  const options = { url, connections: 0, tcp: { keepAliveCount: 0 } };
  expect(problemsOf(() => channelFactory(options))).toEqual(['connections=0', 'tcp.keepAliveCount=0']);
  expect(problemsOf(() => createChannelPool({ ...options, max: -1 }))).toEqual([
    'connections=0',
    'max=-1',
    'tcp.keepAliveCount=0',
  ]);
});
