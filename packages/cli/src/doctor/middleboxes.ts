import type { TcpOptions } from '@lifeguard/tcp';
import { inWords } from './duration.js';

/** What stands between a client and its server, and forgets a connection on which nothing is sent for long. */
interface Middlebox {
  readonly name: string;
  readonly idleLimitMillis: number;
  /** Where its maker says so. */
  readonly source: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The limits as they are unless somebody has changed them; the shortest first. */
export const MIDDLEBOXES: readonly Middlebox[] = [
  {
    name: 'an Azure load balancer',
    idleLimitMillis: 4 * MINUTE,
    source: 'https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-idle-timeout',
  },
  {
    name: 'an AWS Network Load Balancer',
    idleLimitMillis: 350 * SECOND,
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html',
  },
  {
    name: 'an AWS NAT gateway',
    idleLimitMillis: 350 * SECOND,
    source: 'https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html',
  },
  {
    name: 'the network of Google Cloud',
    idleLimitMillis: 10 * MINUTE,
    source: 'https://cloud.google.com/compute/docs/troubleshooting/general-tips',
  },
];

/** Something that works and yet may not do what is hoped for. */
export interface Warning {
  readonly text: string;
  /** Where more is said about it. */
  readonly source?: string;
}

/** Those that forget a silent connection before keepalive has said something on it. */
export function middleboxWarnings({ keepAlive, keepAliveIdleMillis }: Readonly<TcpOptions>): Warning[] {
  return MIDDLEBOXES.filter(({ idleLimitMillis }) => !keepAlive || keepAliveIdleMillis >= idleLimitMillis).map(
    ({ name, idleLimitMillis, source }) => ({
      text: `${name} forgets a connection that is idle for ${inWords(idleLimitMillis)}, and ${
        keepAlive
          ? `the first keepalive probe is sent after ${inWords(keepAliveIdleMillis)} (LIFEGUARD_KEEPALIVE_IDLE)`
          : 'with keepalive off (LIFEGUARD_KEEPALIVE) nothing is sent on it'
      }`,
      source,
    }),
  );
}
