import { readFileSync } from 'node:fs';

/** The settings of Linux (net.ipv4.*) that say when it gives up on a peer that is silent. */
export interface Sysctls {
  readonly tcp_retries2: number;
  /** The longest pause between two retransmissions, in ms. Kernels before 6.15 don't have this setting; theirs is 120 s. */
  readonly tcp_rto_max_ms: number;
  /** The shortest pause before a retransmission, in µs. Kernels before 6.11 don't have this setting; theirs is 200 ms. */
  readonly tcp_rto_min_us: number;
  /** In seconds. */
  readonly tcp_keepalive_time: number;
  /** In seconds. */
  readonly tcp_keepalive_intvl: number;
  readonly tcp_keepalive_probes: number;
  readonly tcp_syn_retries: number;
  /** Retransmissions of a SYN before the pauses begin to double. Kernels before 6.5 have none. */
  readonly tcp_syn_linear_timeouts: number;
}

const OF_OLDER_KERNELS: Readonly<Partial<Sysctls>> = {
  tcp_rto_max_ms: 120_000,
  tcp_rto_min_us: 200_000,
  tcp_syn_linear_timeouts: 0,
};

const NAMES = [
  'tcp_retries2',
  'tcp_rto_max_ms',
  'tcp_rto_min_us',
  'tcp_keepalive_time',
  'tcp_keepalive_intvl',
  'tcp_keepalive_probes',
  'tcp_syn_retries',
  'tcp_syn_linear_timeouts',
] as const satisfies readonly (keyof Sysctls)[];

/** Those of the network namespace that this process is in; `undefined` where there are none, as outside Linux. */
export function readSysctls(folder = '/proc/sys/net/ipv4'): Sysctls | undefined {
  const values = NAMES.map((name) => [name, readNumber(`${folder}/${name}`) ?? OF_OLDER_KERNELS[name]] as const);
  if (values.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(values) as unknown as Sysctls;
}

function readNumber(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
