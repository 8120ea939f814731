import {
  type ConfigProblem,
  resolveTcpOptions,
  type TcpOptions,
  type TcpOptionsSource,
  tcpOptionWarnings,
} from '@lifeguard/tcp';
import { duration, MAX_DELAY_MILLIS, resolveSettings, throwProblems } from '@lifeguard/tcp/settings';

/** What the agents and `createDispatcher` take beside the options of Node.js or undici. */
export interface LifeguardOptions {
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
  /**
   * How long opening a connection may take, from looking up the name to the end of the TLS handshake, in milliseconds.
   * Default: `LIFEGUARD_CONNECT_TIMEOUT`, else 10 s.
   */
  connectTimeoutMillis?: number;
  /** Names it in variables: `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before `LIFEGUARD_USER_TIMEOUT`. */
  name?: string;
}

const HTTP_SETTINGS = {
  connectTimeoutMillis: duration({
    variable: 'CONNECT_TIMEOUT',
    default: 10_000,
    min: 1,
    max: MAX_DELAY_MILLIS,
    summary: 'how long opening a connection may take',
  }),
} as const;

export interface ResolvedOptions {
  readonly tcp: Readonly<TcpOptions>;
  readonly connectTimeoutMillis: number;
}

/**
 * Completes the options, and warns of those for sockets that don't do what is hoped for.
 *
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function resolveOptions({ tcp, connectTimeoutMillis, name }: LifeguardOptions): ResolvedOptions {
  const problems: ConfigProblem[] = [];
  const settings = resolveSettings(HTTP_SETTINGS, { options: { connectTimeoutMillis }, name }, problems);
  const source: TcpOptionsSource = { prefix: 'tcp.', ...(name !== undefined && { name }) };
  const resolved = resolveTcpOptions(tcp, source, problems);
  throwProblems(problems);
  for (const warning of tcpOptionWarnings(resolved)) {
    process.emitWarning(warning, { type: 'LifeguardWarning', code: 'LIFEGUARD_TCP_OPTIONS' });
  }
  return { ...settings, tcp: resolved };
}

/** The options without ours, as Node.js and undici take them. */
export function driverOptions<O extends LifeguardOptions>(options: O): Omit<O, keyof LifeguardOptions> {
  const { tcp: _, connectTimeoutMillis: __, name: ___, ...others } = options;
  return others;
}
