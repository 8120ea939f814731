import { writeSync } from 'node:fs';
import { capabilities, type Hardening, type TcpOptions, tcpOptionWarnings } from '@lifeguard/tcp';
import { formatDuration } from '@lifeguard/tcp/settings';
import type { Hosts } from './hosts.js';
import type { RegisterSettings } from './settings.js';

const STDERR = 2;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Lines on stderr, for stdout belongs to the program. As text: a logger would cost every process its start-up time. */
export class Log {
  readonly #least: number;

  constructor(level: RegisterSettings['logLevel']) {
    this.#least = LEVELS.indexOf(level);
  }

  shows(level: (typeof LEVELS)[number]): boolean {
    return LEVELS.indexOf(level) >= this.#least;
  }

  /** What is done, how, and what the platform can't do. */
  start({ hosts, tcp }: RegisterSettings): void {
    const missing = describeMissing();
    if (this.shows('info')) write(`hardening TCP connections to ${describeHosts(hosts)}: ${describe(tcp)}${missing}`);
    else if (missing !== '' && this.shows('warn')) write(`hardening TCP connections${missing}`);
    if (this.shows('warn')) for (const warning of tcpOptionWarnings(tcp)) write(warning);
  }

  /** One socket, once it is hardened. */
  hardened(host: string, address: string, { state, effective, refused }: Hardening): void {
    const refusals = refused.map(({ option, reason }) => `, not ${option}: ${reason}`);
    write(`${host} (${address}): ${state}, ${describe(effective)}${refusals.join('')}`);
  }
}

function describeHosts({ text }: Hosts): string {
  return text === '' ? 'every host' : text;
}

function describe(tcp: Partial<TcpOptions>): string {
  const { keepAlive, keepAliveIdleMillis, keepAliveIntervalMillis, keepAliveCount, userTimeoutMillis } = tcp;
  const times = `after ${time(keepAliveIdleMillis)}, every ${time(keepAliveIntervalMillis)}, ${keepAliveCount ?? '?'} times`;
  return `keepalive ${keepAlive ? times : 'off'}; user timeout ${userTimeoutMillis === 0 ? 'off' : time(userTimeoutMillis)}`;
}

function time(millis: number | undefined): string {
  return millis === undefined ? '?' : formatDuration(millis);
}

/** Empty if all can be done. */
function describeMissing(): string {
  const { supported, verified, platform } = capabilities();
  const { keepAliveIdle, keepAliveInterval, keepAliveCount, userTimeout } = supported;
  const missing = Object.entries({ keepAliveIdle, keepAliveInterval, keepAliveCount, userTimeout })
    .filter(([, { ok }]) => !ok)
    .map(([name, { reason }]) => `; ${name} can't be set: ${reason}`);
  return [...missing, ...(verified ? [] : [`; not verified on ${platform}`])].join('');
}

/** Not by `process.stderr`, whose error would end the program once nobody reads it any more; then a line is lost. */
function write(text: string): void {
  try {
    writeSync(STDERR, `lifeguard: ${text}\n`);
  } catch {}
}
