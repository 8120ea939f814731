import { resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from '../options.js';

/**
 * Completes the socket options of a client that has no log of its own: those that don't do what is hoped for become process
 * warnings, code `LIFEGUARD_TCP_OPTIONS`.
 *
 * @param name of the client: `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before `LIFEGUARD_USER_TIMEOUT`
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function resolveClientTcp(tcp: Partial<TcpOptions> | undefined, name: string | undefined): Readonly<TcpOptions> {
  const resolved = resolveTcpOptions(tcp, { prefix: 'tcp.', name });
  for (const warning of tcpOptionWarnings(resolved)) {
    process.emitWarning(warning, { type: 'LifeguardWarning', code: 'LIFEGUARD_TCP_OPTIONS' });
  }
  return resolved;
}
