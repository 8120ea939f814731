import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { connect } from './index.js';
import { connect as connectV2 } from './v2.js';

const servers = 'nats://user:s3cret@host:port';

test.each([
  ['@nats-io/transport-node', () => connect({ servers })],
  ['nats', () => connectV2({ servers })],
])('%s: a URL that can’t be parsed is not shown, for it may have a password in it', async (_, open) => {
  const error = await open().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'ERR_CONFIG' });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('s3cret');
});
