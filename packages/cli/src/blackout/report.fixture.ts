import { LINUX } from '../doctor/linux.fixture.js';
import type { PoolReport } from './report.js';
import { stockWaits } from './stock-waits.js';

/** What was seen of a pool as it comes, through a cut of 20 s. */
export const STOCK: PoolReport = {
  name: 'pg.Pool',
  sent: 500,
  answered: 66,
  failed: 0,
  stuckAtHeal: 169,
  longestWaitMillis: 25_432,
  firstErrorAfterCutMillis: null,
  firstAnswerAfterHealMillis: 5_440,
  errors: {},
  tcp: { keepAlive: false, userTimeoutMillis: 0 },
};

/** And of ours. */
export const HARDENED: PoolReport = {
  name: '@lifeguard/pg',
  sent: 500,
  answered: 300,
  failed: 198,
  stuckAtHeal: 0,
  longestWaitMillis: 11_020,
  firstErrorAfterCutMillis: 9_330,
  firstAnswerAfterHealMillis: 490,
  errors: { ETIMEDOUT: 10, ERR_POOL_ACQUIRE_TIMEOUT: 188 },
  tcp: { keepAlive: true, userTimeoutMillis: 10_000 },
};

export const COMPUTED = stockWaits(LINUX);

/** The cells of the table's row that begins so. */
export function row(text: string, title: string): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`│ ${title} `)) ?? '';
  return line
    .split('│')
    .slice(2, -1)
    .map((cell) => cell.trim());
}
