import { isMainThread } from 'node:worker_threads';
import { type ClientConnectListener, limitConnect, onClientConnect, reinforce } from '@lifeguard/tcp';
import { Hosts } from './hosts.js';
import { Log } from './log.js';
import { resolveRegisterSettings } from './settings.js';

/** Known to every copy of this package: one hardens, the others do nothing. */
const REGISTERED = Symbol.for('lifeguard.registered');

/**
 * Hardens every TCP client socket of this thread from now on, as the environment says. Called again it does nothing.
 *
 * @throws {ConfigError} that names every variable that can't be used
 */
export function register(env: NodeJS.ProcessEnv = process.env): void {
  if (REGISTERED in globalThis) return;
  const settings = resolveRegisterSettings(env);
  const { enabled, hosts, tcp, logLevel } = settings;
  if (!enabled) return;
  Object.defineProperty(globalThis, REGISTERED, { value: true });
  const log = new Log(logLevel);
  const tellsEach = log.shows('debug');
  const harden: ClientConnectListener = (socket, host) => {
    // A socket remembers that it was asked for its address: where it need not be asked, it is as without us.
    if (hosts !== Hosts.all && !hosts.include(host, socket.remoteAddress)) return;
    const hardening = reinforce(socket, tcp, { readBack: tellsEach });
    if (tellsEach && hardening) log.hardened(host, `${socket.remoteAddress}:${socket.remotePort}`, hardening);
  };
  onClientConnect(harden, (socket, host, address) => {
    if (hosts.include(host, address)) limitConnect(socket, tcp);
  });
  // A worker inherits the flag; its main thread has said the same.
  if (isMainThread) log.start(settings);
}
