import { isIP, type TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { inspect } from 'node:util';
import type { ConfigProblem } from '@lifeguard/tcp';

/** Where to connect to, and how: options of `net.connect`. Keepalive is the pool's: see its option `tcp`. */
export type NetOptions = Pick<
  TcpNetConnectOpts,
  | 'host'
  | 'port'
  | 'family'
  | 'hints'
  | 'lookup'
  | 'localAddress'
  | 'autoSelectFamily'
  | 'autoSelectFamilyAttemptTimeout'
  | 'noDelay'
>;

/**
 * The same for TLS: options of `net.connect` and `tls.connect`. `servername` is the host's name unless it is given; `tls.connect`
 * sends none by itself.
 */
export type TlsOptions = NetOptions &
  Omit<ConnectionOptions, keyof NetOptions | 'path' | 'socket' | 'timeout' | 'allowHalfOpen'>;

/** What is pooled can't be a pipe, read into a buffer of the caller's, half open, or ended by a signal or a timer. */
const OURS = {
  path: undefined,
  onread: undefined,
  allowHalfOpen: false,
  signal: undefined,
  timeout: undefined,
  localPort: undefined,
};

/** What Node.js would say of the one option that has no default only when it connects. */
export function portProblems({ port }: NetOptions): ConfigProblem[] {
  // Node.js takes a number that is written as a text, such as a variable's.
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (Number.isInteger(number) && number > 0 && number < 65_536) return [];
  return [{ name: 'port', value: inspect(port), allowed: 'a whole number from 1 to 65535' }];
}

export function toNetConnectOptions(options: NetOptions): TcpNetConnectOpts {
  return { ...options, ...OURS } as TcpNetConnectOpts;
}

export function toTlsConnectOptions({ servername, ...options }: TlsOptions): ConnectionOptions {
  const { host = '' } = options;
  const name = servername ?? (host === '' || isIP(host) > 0 ? undefined : host);
  return {
    ...options,
    ...OURS,
    socket: undefined,
    ...(name !== undefined && { servername: name }),
  } as ConnectionOptions;
}
