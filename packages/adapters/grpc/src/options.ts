import type { ClientOptions as DriverOptions } from '@grpc/grpc-js';
import {
  type ConfigProblem,
  resolveTcpOptions,
  type TcpOptions,
  type TcpOptionsSource,
  tcpOptionWarnings,
} from '@lifeguard/tcp';
import { integer, resolveSettings, throwProblems } from '@lifeguard/tcp/settings';

/** What `createClient` takes beside the options of grpc-js. */
export interface LifeguardOptions {
  /** Connections at most: one is opened when a call finds all others busy. Default: 4. */
  channels?: number;
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
  /** Names the client in variables: `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before `LIFEGUARD_USER_TIMEOUT`. */
  name?: string;
}

/** What a client of grpc-js takes, but for the channel, which is ours. */
export type ChannelOptions = DriverOptions & { channelOverride?: never; channelFactoryOverride?: never };

/** The options of grpc-js and of Lifeguard. */
export type ClientOptions = ChannelOptions & LifeguardOptions;

const GRPC_SETTINGS = {
  channels: integer({ min: 1, max: 1000, default: 4, summary: 'connections at most, each for many calls' }),
} as const;

export interface ResolvedOptions {
  readonly channels: number;
  readonly tcp: Readonly<TcpOptions>;
}

/**
 * Completes the options, and warns of those for sockets that don't do what is hoped for.
 *
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function resolveOptions({ channels, tcp, name }: LifeguardOptions): ResolvedOptions {
  const problems: ConfigProblem[] = [];
  const settings = resolveSettings(GRPC_SETTINGS, { options: { channels }, name }, problems);
  const source: TcpOptionsSource = { prefix: 'tcp.', ...(name !== undefined && { name }) };
  const resolved = resolveTcpOptions(tcp, source, problems);
  throwProblems(problems);
  for (const warning of tcpOptionWarnings(resolved)) {
    process.emitWarning(warning, { type: 'LifeguardWarning', code: 'LIFEGUARD_TCP_OPTIONS' });
  }
  return { ...settings, tcp: resolved };
}

/** The options without ours, as grpc-js takes them. */
export function driverOptions({ channels: _, tcp: __, name: ___, ...options }: ClientOptions): DriverOptions {
  return options;
}

/**
 * A channel with a connection of its own: grpc-js has channels of one target share one. It connects again as soon as the
 * network is back: grpc-js's own pauses grow from 1 s to 2 min.
 */
export function channelOptions({
  interceptors: _,
  interceptor_providers: __,
  callInvocationTransformer: ___,
  ...options
}: DriverOptions): DriverOptions {
  return {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
    ...options,
    'grpc.use_local_subchannel_pool': 1,
  };
}
