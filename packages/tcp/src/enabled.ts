import { resolveSettings, toggle } from './settings.js';

/** The table of the one switch for everything. */
export const ENABLED_SETTINGS = {
  enabled: toggle({
    variable: 'ENABLED',
    default: true,
    summary: 'off makes every package behave as the plain driver would, or generic-pool',
  }),
} as const;

let ofProcess: boolean | undefined;

/**
 * Whether Lifeguard does anything: `LIFEGUARD_ENABLED`, on by default.
 *
 * Without `env` the process's own environment counts. It is read when first asked for, and only then: `verdict` asks
 * on every borrow, and a look into `process.env` costs about as much as the verdict itself.
 *
 * @throws {ConfigError} if the variable is neither on nor off
 */
export function isEnabled(env?: NodeJS.ProcessEnv): boolean {
  if (env !== undefined) return resolveSettings(ENABLED_SETTINGS, { env }).enabled;
  ofProcess ??= resolveSettings(ENABLED_SETTINGS, {}).enabled;
  return ofProcess;
}
