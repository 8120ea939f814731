import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from './callback_api.js';

test('channels that wait for a connection leave no listeners on it', async () => {
  // Nobody listens there.
  const connection = connect('amqp://127.0.0.1:1', { recovery: { waitForConnect: false } });
  onTestFinished(() => void connection.close());
  await once(connection, 'connect-failed');
  const before = connection.listenerCount('error');
  for (let count = 0; count < 20; count += 1) connection.createChannel(() => {});
  expect(connection.listenerCount('error')).toBe(before);
});
