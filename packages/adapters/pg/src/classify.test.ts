import { describe, expect, test } from 'vitest';
import { isCallersFault, isFatal, isPermanent, isStatementError } from './classify.js';

/** An error as pg makes it of the server's ErrorResponse. */
const ofServer = (code: string, severity = 'FATAL') => Object.assign(new Error('server'), { code, severity });
const ofPgBouncer = (message: string) => Object.assign(new Error(message), { code: '08P01', severity: 'FATAL' });
const ofSystem = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'connect' });
const ofNode = (code: string) => Object.assign(new Error(code), { code });

describe('a connect that fails', () => {
  test.each([
    ['wrong password', ofServer('28P01')],
    ['not allowed by pg_hba.conf', ofServer('28000')],
    ['no such database', ofServer('3D000')],
    ['may not connect to the database', ofServer('42501')],
    ['unknown setting in the options', ofServer('42704')],
    ['bad value in the options', ofServer('22023')],
    ['protocol not spoken', ofServer('0A000')],
    ['certificate of somebody else', ofNode('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['key that is none', ofNode('ERR_OSSL_PEM_NO_START_LINE')],
    ['certificate signed by itself', ofNode('DEPTH_ZERO_SELF_SIGNED_CERT')],
    ['certificate expired', ofNode('CERT_HAS_EXPIRED')],
    ['certificate of an unknown issuer', ofNode('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
    ['port out of range', ofNode('ERR_SOCKET_BAD_PORT')],
    ['no TLS', new Error('The server does not support SSL connections')],
    ['no password', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')],
    ['wrong password, by PgBouncer', ofPgBouncer('SASL authentication failed')],
    ['wrong plain password, by PgBouncer', ofPgBouncer('password authentication failed')],
    ['no such user, by PgBouncer', ofPgBouncer('no such user')],
    ['no such database, by PgBouncer', ofPgBouncer('no such database: nowhere')],
    ['no such database, by its server through PgBouncer', ofPgBouncer('database "no\nwhere" does not exist')],
    ['unknown setting, by PgBouncer', ofPgBouncer('unsupported startup parameter: statement_timeout')],
    ['unknown setting in the options, by PgBouncer', ofPgBouncer('unsupported startup parameter in options: x')],
    ['not allowed by pg_hba.conf, by PgBouncer', ofPgBouncer('login rejected')],
    ['without TLS, by PgBouncer', ofPgBouncer('SSL required')],
  ])('is permanent: %s', (_, error) => {
    expect(isPermanent(error)).toBe(true);
  });

  test.each([
    ['full', ofServer('53300')],
    ['out of memory', ofServer('53200')],
    ['starting, or a standby that takes no connections', ofServer('57P03')],
    ['shut down', ofServer('57P01')],
    ['crashed', ofServer('57P02')],
    ['taking no connections to this database', ofServer('55000')],
    ['protocol violated', ofServer('08P01')],
    ['PgBouncer full', ofPgBouncer('no more connections allowed (max_client_conn)')],
    ['PgBouncer stopped', ofPgBouncer('server shutting down')],
    ['PgBouncer without its server', ofPgBouncer('client_login_timeout (server down)')],
    [
      'PgBouncer refused by its server',
      ofPgBouncer('server login has been failing, cached error: password authentication failed (server_login_retry)'),
    ],
    ['a database that is switched off in PgBouncer', ofPgBouncer('database "orders" is disabled')],
    ['refused', ofSystem('ECONNREFUSED')],
    ['refused, without errno', ofNode('ECONNRESET')],
    ['name not found', ofSystem('ENOTFOUND')],
    ['timed out by the pool', ofNode('ERR_POOL_CONNECT')],
    ['closed by the server', new Error('Connection terminated unexpectedly')],
    ['timed out by the driver', new Error('timeout expired')],
    ['answered by an error before TLS', new Error('There was an error establishing an SSL connection')],
    ['refused at both addresses', new AggregateError([ofSystem('ECONNREFUSED'), ofSystem('ECONNREFUSED')])],
  ])('is tried again: %s', (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(false);
  });

  test.each([
    ['a plain error', new Error('hook')],
    ['an error of another library', Object.assign(new Error('no token'), { code: 'AccessDenied' })],
    ['a string', 'hook'],
    ['nothing', undefined],
  ])("is the caller's own: %s", (_, error) => {
    expect(isPermanent(error)).toBe(false);
    expect(isCallersFault(error)).toBe(true);
  });
});

describe('an error in use', () => {
  test.each([
    ['terminated by an administrator', ofServer('57P01')],
    ['idle for too long', ofServer('57P05')],
    ['in a transaction for too long', ofServer('25P03')],
    ['connection failure', ofServer('08006', 'ERROR')],
    ['panic', ofServer('XX000', 'PANIC')],
    ['terminated by an administrator, told in another language', ofServer('57P01', 'ФАТАЛЬНО')],
    ['closed', new Error('Connection terminated')],
    ['closed by the server', new Error('Connection terminated unexpectedly')],
    ['asked after a failure', new Error('Client has encountered a connection error and is not queryable')],
    ['asked after its end', new Error('Client was closed and is not queryable')],
    ['written after its end', ofNode('ERR_STREAM_WRITE_AFTER_END')],
    ['answered out of turn', new Error('Received unexpected commandComplete message from backend.')],
  ])('ends the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(true);
    expect(isStatementError(error)).toBe(false);
  });

  test.each([
    ['unique violation', ofServer('23505', 'ERROR')],
    ['syntax error', ofServer('42601', 'ERROR')],
    ['cancelled', ofServer('57014', 'ERROR')],
    ['deadlock', ofServer('40P01', 'ERROR')],
  ])('leaves the connection: %s', (_, error) => {
    expect(isFatal(error)).toBe(false);
    expect(isStatementError(error)).toBe(true);
  });

  test("says nothing of the connection when it isn't the server's", () => {
    for (const error of [new Error('of the program'), ofSystem('EPIPE'), undefined, null, 'text']) {
      expect(isFatal(error)).toBe(false);
      expect(isStatementError(error)).toBe(false);
    }
  });
});
