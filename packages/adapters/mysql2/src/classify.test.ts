import { describe, expect, test } from 'vitest';
import { isCallersFault, isFatal, isPermanent } from './classify.js';

/** An error as mysql2 makes it of the server's ERR packet. */
const ofServer = (errno: number, code: string) => Object.assign(new Error(code), { errno, code, sqlState: 'HY000' });
const ofSystem = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'connect' });
const ofCode = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('a connect that fails', () => {
  test.each([
    ['wrong password', ofServer(1045, 'ER_ACCESS_DENIED_ERROR')],
    ['no such database', ofServer(1049, 'ER_BAD_DB_ERROR')],
    ['may not use the database', ofServer(1044, 'ER_DBACCESS_DENIED_ERROR')],
    ['may not connect from here', ofServer(1130, 'ER_HOST_NOT_PRIVILEGED')],
    ['locked account', ofServer(4151, 'ER_ACCOUNT_HAS_BEEN_LOCKED')],
    ['no TLS', ofCode('HANDSHAKE_NO_SSL_SUPPORT')],
    ['certificate that is not trusted', ofCode('HANDSHAKE_SSL_ERROR', 'self-signed certificate')],
    ['port out of range', ofCode('ERR_SOCKET_BAD_PORT')],
    ['a way to log in that nobody knows', new Error('Server requests authentication using unknown plugin x.')],
  ])('is permanent: %s', (_, error) => {
    expect(isPermanent(error)).toBe(true);
  });

  test.each([
    ['full', ofServer(1040, 'ER_CON_COUNT_ERROR')],
    ['full for this user', ofServer(1203, 'ER_TOO_MANY_USER_CONNECTIONS')],
    ['shutting down', ofServer(1053, 'ER_SERVER_SHUTDOWN')],
    ['host blocked for its errors', ofServer(1129, 'ER_HOST_IS_BLOCKED')],
    ['refused', ofSystem('ECONNREFUSED')],
    ['timed out', ofCode('ETIMEDOUT')],
    ['name not found', ofSystem('ENOTFOUND')],
    ['closed by the server', ofCode('PROTOCOL_CONNECTION_LOST')],
    ['reset during the TLS handshake', Object.assign(ofSystem('HANDSHAKE_SSL_ERROR'))],
    ['closed during the TLS handshake', ofCode('HANDSHAKE_SSL_ERROR', 'Client network socket disconnected before …')],
    ['timed out by the pool', ofCode('ERR_POOL_CONNECT')],
    ['refused at both addresses', new AggregateError([ofSystem('ECONNREFUSED'), ofSystem('ECONNREFUSED')])],
  ])('is tried again: %s', (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(false);
  });

  test.each([
    ['a plain error', new Error('of the stream function')],
    ['a plugin that failed', ofCode('AUTH_SWITCH_PLUGIN_ERROR')],
    ['nothing', undefined],
  ])('is the caller’s own: %s', (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(true);
  });
});

describe('an error in use', () => {
  test.each([
    ['killed', ofServer(1927, 'ER_CONNECTION_KILLED')],
    ['shutting down', ofServer(1053, 'ER_SERVER_SHUTDOWN')],
    ['idle for too long', ofServer(4031, 'ER_CLIENT_INTERACTION_TIMEOUT')],
    ['read-only', ofServer(1290, 'ER_OPTION_PREVENTS_STATEMENT')],
    ['read-only, MySQL', ofServer(1836, 'ER_READ_ONLY_MODE')],
    ['fatal by the driver’s word', Object.assign(ofCode('PROTOCOL_CONNECTION_LOST'), { fatal: true })],
    ['written after its end', ofCode('ERR_STREAM_WRITE_AFTER_END')],
  ])('ends the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(true);
  });

  test.each([
    ['duplicate key', ofServer(1062, 'ER_DUP_ENTRY')],
    ['deadlock', ofServer(1213, 'ER_LOCK_DEADLOCK')],
    ['query killed', ofServer(1317, 'ER_QUERY_INTERRUPTED')],
    ['of the program', new Error('own')],
    ['nothing', undefined],
  ])('leaves the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(false);
  });
});
