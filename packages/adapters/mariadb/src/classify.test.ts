import { describe, expect, test } from 'vitest';
import { isCallersFault, isFatal, isPermanent } from './classify.js';

const ofServer = (errno: number, fields = {}) =>
  Object.assign(new Error('server'), { errno, sqlState: 'HY000', ...fields });
const ofSystem = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'connect' });
const ofCode = (code: string) => Object.assign(new Error(code), { code });
const wrapped = (cause: unknown) => Object.assign(new Error('wrapped', { cause }), { errno: 45009, code: 'ER_X' });

describe('a connect that fails', () => {
  test.each([
    ['wrong password', ofServer(1045)],
    ['no such database', ofServer(1049)],
    ['no TLS', ofServer(45023)],
    ['certificate that is not trusted', ofCode('DEPTH_ZERO_SELF_SIGNED_CERT')],
    ['the same, wrapped by the driver', wrapped(ofCode('SELF_SIGNED_CERT_IN_CHAIN'))],
  ])('is permanent: %s', (_, error) => {
    expect(isPermanent(error)).toBe(true);
  });

  test.each([
    ['full', ofServer(1040)],
    ['shutting down', ofServer(1053)],
    ['refused', ofSystem('ECONNREFUSED')],
    ['refused, wrapped by the driver', wrapped(ofSystem('ECONNREFUSED'))],
    ['closed by the server', ofCode('ER_SOCKET_UNEXPECTED_CLOSE')],
    ['timed out by the pool', ofCode('ERR_POOL_CONNECT')],
    ['refused at both addresses', new AggregateError([ofSystem('ECONNREFUSED'), ofSystem('ECONNREFUSED')])],
  ])('is tried again: %s', (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(false);
  });

  test.each([
    ['a plain error', new Error('of the stream function')],
    ['nothing', undefined],
  ])('is the caller’s own: %s', (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(true);
  });
});

describe('an error in use', () => {
  test.each([
    ['killed', ofServer(1927)],
    ['shutting down', ofServer(1053)],
    ['read-only', ofServer(1290)],
    ['fatal by the driver’s word', ofServer(45001, { fatal: true })],
  ])('ends the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(true);
  });

  test.each([
    ['duplicate key', ofServer(1062)],
    ['of the program', new Error('own')],
    ['nothing', undefined],
  ])('leaves the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(false);
  });
});
