/**
 * The table of what the environment decides, for tools that show it.
 *
 * @module
 */

import { type ConfigProblem, ENABLED_SETTINGS, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';
import { choice, resolveSettings, type Setting, throwProblems } from '@lifeguard/tcp/settings';
import * as v from 'valibot';
import { Hosts } from './hosts.js';

const hosts: Setting<Hosts> = {
  variable: 'HOSTS',
  schema: v.custom<Hosts>((value) => value instanceof Hosts),
  parse: (text) => Hosts.parse(text) ?? text,
  allowed:
    'host names, addresses and CIDR blocks, separated by commas, with ! before those to leave out, such as db.internal,10.0.0.0/8,!10.9.0.0/16',
  default: Hosts.all,
  defaultText: 'all',
  summary: 'whose connections are hardened; a driver that resolves names by itself is known by its addresses only',
};

const logLevel = choice({
  variable: 'LOG_LEVEL',
  words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  default: 'info',
  summary: 'info: one line at the start; debug: one more for each connection; warn: only what this platform can’t do',
});

/** The table of what the environment decides, beside the TCP options. */
export const REGISTER_SETTINGS = { ...ENABLED_SETTINGS, hosts, logLevel } as const;

/** What the environment says. */
export interface RegisterSettings {
  readonly enabled: boolean;
  readonly hosts: Hosts;
  readonly logLevel: (typeof logLevel)['default'];
  readonly tcp: Readonly<TcpOptions>;
}

/** @throws {ConfigError} that names every variable that can't be used */
export function resolveRegisterSettings(env: NodeJS.ProcessEnv = process.env): RegisterSettings {
  const problems: ConfigProblem[] = [];
  const values = resolveSettings(REGISTER_SETTINGS, { env }, problems);
  const tcp = resolveTcpOptions({}, { env }, problems);
  throwProblems(problems);
  return { ...values, tcp };
}
