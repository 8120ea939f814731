import { ConfigError, type ConfigProblem } from '@lifeguard/pool';
import pg from 'pg';

/**
 * Asks the driver whether it can parse a connection string, before anything connects. The driver's own error is not passed
 * on: the string has a password in it, and so may the error.
 */
export function connectionStringProblems(text: unknown): ConfigProblem[] {
  if (text === undefined || text === null || text === '') return [];
  if (typeof text === 'string' && canParse(text)) return [];
  return [
    { name: 'connectionString', value: '***', allowed: 'a URL such as postgres://user:password@host:5432/database' },
  ];
}

/** @throws {ConfigError} that does not show the string */
export function checkConnectionString(text: unknown): void {
  const problems = connectionStringProblems(text);
  if (problems.length > 0) throw new ConfigError(problems);
}

function canParse(connectionString: string): boolean {
  try {
    // Opens nothing.
    new pg.Client({ connectionString });
    return true;
  } catch (error) {
    // Other errors, such as of a certificate's file that can't be read, tell no secrets. They come with the connect.
    return !(error instanceof URIError) && Object(error).code !== 'ERR_INVALID_URL';
  }
}
