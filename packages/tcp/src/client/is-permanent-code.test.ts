import { expect, test } from 'vitest';
import { isPermanentCode } from './is-permanent-code.js';

test.each([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_OSSL_PEM_NO_START_LINE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_SOCKET_BAD_PORT',
])('%s fails again', (code) => {
  expect(isPermanentCode(code)).toBe(true);
});

test.each([
  ['ECONNREFUSED'],
  ['ETIMEDOUT'],
  ['ENOTFOUND'],
  ['ERR_POOL_CONNECT'],
  ['ERR_STREAM_DESTROYED'],
  [''],
  [undefined],
  [1045],
])('%s may not', (code) => {
  expect(isPermanentCode(code)).toBe(false);
});
