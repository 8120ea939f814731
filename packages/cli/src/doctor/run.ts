import { type Capabilities, capabilities, tcpOptionWarnings } from '@lifeguard/tcp';
import { type Environment, readEnvironment } from './environment.js';
import { examine } from './examine.js';
import { inForce } from './in-force.js';
import { middleboxWarnings, type Warning } from './middleboxes.js';
import { predict, predictConnect, predictStock } from './predict.js';
import type { DoctorReport, KernelReport, LifeguardReport } from './report.js';
import { readSysctls, type Sysctls } from './sysctls.js';
import type { Target } from './target.js';

/**
 * Looks at this machine, at the environment and at the targets. Takes at most some 15 s, however many targets there are.
 * @throws {ConfigError} that names every variable that can't be used, before anything is connected
 */
export async function doctor(targets: readonly Target[]): Promise<DoctorReport> {
  const environment = readEnvironment();
  const sysctls = readSysctls();
  const platform = capabilities();
  const reports = await Promise.all(targets.map(examine));
  const problems = findProblems(environment, platform);
  return {
    healthy: problems.length === 0 && reports.every((report) => report.problems.length === 0),
    problems,
    warnings: environment.enabled ? findWarnings(environment) : [],
    kernel: sysctls ? lookAtKernel(sysctls) : null,
    lifeguard: lookAtLifeguard(environment, platform, sysctls),
    capabilities: platform,
    targets: reports,
  };
}

function lookAtKernel(sysctls: Sysctls): KernelReport {
  return { sysctls, noticedAfter: predictStock(sysctls), connectMillis: predictConnect(sysctls) };
}

function lookAtLifeguard(
  { enabled, tcp }: Environment,
  platform: Capabilities,
  sysctls: Sysctls | undefined,
): LifeguardReport {
  const options = inForce(tcp, platform);
  return { enabled, options, noticedAfter: enabled && sysctls ? predict(options, sysctls) : null };
}

/** What leaves every connection of this machine without protection, or with less than was asked for. */
function findProblems({ enabled, tcp }: Environment, { supported }: Capabilities): string[] {
  if (!enabled) return ['LIFEGUARD_ENABLED is off: nothing is hardened'];
  const { userTimeout } = supported;
  if (tcp.userTimeoutMillis === 0 || userTimeout.ok) return [];
  return [`no user timeout can be set here: ${userTimeout.reason}`];
}

function findWarnings({ tcp }: Environment): Warning[] {
  return [...tcpOptionWarnings(tcp).map((text) => ({ text })), ...middleboxWarnings(tcp)];
}
