import { expect, test } from 'vitest';
import { isFatal, isPermanent, leadsToReplica } from './classify.js';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
const coded = (code: string) => Object.assign(new Error(code), { code });

test.each([
  'WRONGPASS invalid username-password pair or user is disabled.',
  'NOAUTH Authentication required.',
  'NOPERM this user has no permissions to run the “info” command',
  'DENIED Redis is running in protected mode',
  'ERR invalid password',
  'ERR DB index is out of range',
])('connecting again can’t help after %s', (message) => {
  expect(isPermanent(reply(message))).toBe(true);
});

test.each([
  'ERR max number of clients reached',
  'LOADING Redis is loading the dataset in memory',
  'MASTERDOWN Link down',
])('connecting again may help after %s', (message) => {
  expect(isPermanent(reply(message))).toBe(false);
  expect(isFatal(reply(message))).toBe(false);
});

test('a certificate that is not trusted or not to be read is permanent, a network that is away is not', () => {
  expect(isPermanent(coded('DEPTH_ZERO_SELF_SIGNED_CERT'))).toBe(true);
  expect(isPermanent(coded('ERR_OSSL_PEM_NO_START_LINE'))).toBe(true);
  expect(isPermanent(coded('ECONNREFUSED'))).toBe(false);
});

test.each(['READONLY You can’t write against a read only replica.', 'UNBLOCKED force unblock from blocking operation'])(
  'a master that has become a replica is of no use any more: %s',
  (message) => {
    expect(leadsToReplica(reply(message))).toBe(true);
    expect(isFatal(reply(message))).toBe(true);
  },
);

test('an ordinary refusal leaves the connection as it was', () => {
  for (const message of ['WRONGTYPE Operation against a key', 'ERR unknown command', 'OOM command not allowed']) {
    expect(isFatal(reply(message))).toBe(false);
    expect(leadsToReplica(reply(message))).toBe(false);
  }
});

test('only a server’s words count as its', () => {
  expect(leadsToReplica(new Error('READONLY'))).toBe(false);
  expect(isPermanent(new Error('WRONGPASS'))).toBe(false);
  expect(isFatal(new Error('Connection is closed.'))).toBe(true);
  expect(isFatal(undefined)).toBe(false);
});
