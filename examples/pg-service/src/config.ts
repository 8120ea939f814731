import { Pool } from '@lifeguard/pg';

const DEFAULT_PORT = 3000;

export interface Config {
  readonly port: number;
  readonly pool: Pool;
}

/**
 * Everything comes from the environment: PORT, DATABASE_URL or else pg's own PGHOST, PGUSER, …, and LIFEGUARD_….
 * Nothing is connected yet.
 *
 * @throws one error that names every variable that can't be used
 */
export function configure(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const port = attempt(() => parsePort(env['PORT']));
  const pool = attempt(() => new Pool({ connectionString: env['DATABASE_URL'] }));
  if (port === undefined || pool === undefined) throw new Error(problems.join('; '));
  return { port, pool };
}

function parsePort(text = String(DEFAULT_PORT)): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Error(`invalid configuration: PORT=${text} (allowed: a whole number from 0 to 65535)`);
}
