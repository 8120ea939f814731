import type { Socket } from 'node:net';
import { type ConfigProblem, harden, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';
import { giveUpOnSilence, resolveClientTcp, withoutUrl } from '@lifeguard/tcp/client';
import { printable, throwProblems } from '@lifeguard/tcp/settings';
import { type DriverOptions, preparing } from './each-socket.js';
import type { LifeguardOptions } from './options.js';
import { Pace } from './pace.js';

/** What else is looked at. */
interface ConnectOptions extends DriverOptions {
  readonly name?: string | undefined;
  readonly maxReconnectAttempts?: number | undefined;
  readonly reconnectTimeWait?: number | undefined;
  readonly reconnectJitter?: number | undefined;
  readonly reconnectJitterTLS?: number | undefined;
}

/** NATS's own. */
const OWN = { reconnectTimeWait: 2000, reconnectJitter: 100, reconnectJitterTLS: 1000 };

/**
 * The options of NATS, so that every socket is hardened and the network's return is noticed within a second. What is given of
 * `maxReconnectAttempts`, `timeout` and the pauses between connects goes before that.
 *
 * @throws {ConfigError} that names every option and variable that can't be used, of those that are looked at here
 */
export function hardened<O extends ConnectOptions>({ tcp, ...given }: O & LifeguardOptions): O {
  const options = given as unknown as O;
  const resolved = check(options, tcp);
  const pace = new Pace();
  const prepare = (socket: Socket) => {
    harden(socket, resolved);
    pace.follow(socket);
    if (options.timeout === undefined) giveUpOnSilence(socket);
  };
  const handler = ownHandler(options) ?? (() => pace.pause());
  const { maxReconnectAttempts = -1 } = options;
  return preparing({ ...options, maxReconnectAttempts }, handler, prepare);
}

function check({ name, reconnectDelayHandler }: ConnectOptions, tcp?: Partial<TcpOptions>): Readonly<TcpOptions> {
  const problems: ConfigProblem[] = [];
  if (reconnectDelayHandler && typeof reconnectDelayHandler !== 'function') {
    problems.push({ name: 'reconnectDelayHandler', value: printable(reconnectDelayHandler), allowed: 'a function' });
  }
  resolveTcpOptions(tcp, { prefix: 'tcp.', name }, problems);
  throwProblems(problems);
  return resolveClientTcp(tcp, name);
}

/** @throws what a connect has failed of, but no server's URL, which may have a password in it */
export function refuse(error: unknown): never {
  throw withoutUrl(error, 'servers', 'nats://host:4222');
}

/** The pauses that the caller has asked for. */
function ownHandler(options: ConnectOptions): (() => number) | undefined {
  const { reconnectDelayHandler, tls, ...rest } = options;
  if (reconnectDelayHandler) return reconnectDelayHandler;
  if (!(Object.keys(OWN) as (keyof typeof OWN)[]).some((option) => rest[option] !== undefined)) return undefined;
  const { reconnectTimeWait = OWN.reconnectTimeWait } = rest;
  const { reconnectJitter = OWN.reconnectJitter, reconnectJitterTLS = OWN.reconnectJitterTLS } = rest;
  const jitter = tls ? reconnectJitterTLS : reconnectJitter;
  return () => reconnectTimeWait + Math.floor(Math.random() * (jitter + 1));
}
