import { resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from '@lifeguard/tcp';

/** What is taken beside the options of NATS. */
export interface LifeguardOptions {
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
}

/**
 * Completes the socket options, and warns once of those that don't do what is hoped for.
 *
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function resolveTcp(tcp: Partial<TcpOptions> | undefined, name: string | undefined): Readonly<TcpOptions> {
  const resolved = resolveTcpOptions(tcp, { prefix: 'tcp.', name });
  for (const warning of tcpOptionWarnings(resolved)) {
    process.emitWarning(warning, { type: 'LifeguardWarning', code: 'LIFEGUARD_TCP_OPTIONS' });
  }
  return resolved;
}
