import { POOL_SETTINGS } from '@lifeguard/pool';
import { REGISTER_SETTINGS } from '@lifeguard/register/settings';
import { type ConfigProblem, ENABLED_SETTINGS, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';
import { resolveSettings, throwProblems } from '@lifeguard/tcp/settings';

/** What the variables of Lifeguard say of TCP. */
export interface Environment {
  /** `LIFEGUARD_ENABLED`. */
  readonly enabled: boolean;
  readonly tcp: Readonly<TcpOptions>;
}

/**
 * Those of pools and of `@lifeguard/register` are looked at too: a program would not start with a bad one.
 * @throws {ConfigError} that names every variable that can't be used
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const problems: ConfigProblem[] = [];
  const { enabled } = resolveSettings(ENABLED_SETTINGS, { env }, problems);
  const tcp = resolveTcpOptions({}, { env }, problems);
  const { hosts } = REGISTER_SETTINGS;
  resolveSettings({ ...POOL_SETTINGS, hosts }, { env }, problems);
  throwProblems(problems);
  return { enabled, tcp };
}
