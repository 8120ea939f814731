import type { Capabilities, TcpOptions } from '@lifeguard/tcp';
import { formatDuration } from '@lifeguard/tcp/settings';
import { inWords } from './duration.js';
import type { TargetReport } from './examine.js';
import type { Warning } from './middleboxes.js';
import type { NoticedAfter } from './predict.js';
import type { Sysctls } from './sysctls.js';

/** What the kernel does with a connection on which nobody has set anything. */
export interface KernelReport {
  readonly sysctls: Sysctls;
  /** `idleMillis` and `waitingMillis` are with keepalive on; without, it is never. */
  readonly noticedAfter: NoticedAfter;
  /** A connect that nobody answers fails after that time. */
  readonly connectMillis: number;
}

/** What Lifeguard makes of it. */
export interface LifeguardReport {
  readonly enabled: boolean;
  /** By the environment and the defaults, as far as this platform can set them. */
  readonly options: Readonly<TcpOptions>;
  /** `null` where Lifeguard is off, and outside Linux, whose rules alone are known well enough. */
  readonly noticedAfter: NoticedAfter | null;
}

/** What `lifeguard doctor --json` prints. */
export interface DoctorReport {
  readonly healthy: boolean;
  /** What is wrong. What is wrong with one target is with that target. */
  readonly problems: readonly string[];
  readonly warnings: readonly Warning[];
  /** `null` outside Linux. */
  readonly kernel: KernelReport | null;
  readonly lifeguard: LifeguardReport;
  readonly capabilities: Capabilities;
  readonly targets: readonly TargetReport[];
}

/** The report for people. */
export function formatReport(report: DoctorReport): string {
  const { kernel, lifeguard, capabilities, warnings, targets } = report;
  return [
    section('What the kernel does by itself', kernel ? describeKernel(kernel) : [notLinux(capabilities)]),
    section('What Lifeguard makes of it', describeLifeguard(lifeguard, capabilities)),
    section(`What can be done here (${describePlatform(capabilities)})`, describeCapabilities(capabilities)),
    ...(warnings.length > 0 ? [section('Warnings', warnings.flatMap(describeWarning))] : []),
    ...targets.map((target) => section(target.target, describeTarget(target))),
    conclude(report),
  ].join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

type Cells = readonly [string, string];

function columns(rows: readonly Cells[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

function describeKernel({ sysctls, noticedAfter, connectMillis }: KernelReport): string[] {
  const { idleMillis, sendingMillis } = noticedAfter;
  const { tcp_retries2, tcp_keepalive_time, tcp_keepalive_intvl, tcp_keepalive_probes } = sysctls;
  return [
    `A peer that dies silently is noticed after ${inWords(sendingMillis)} while sending, ${orNever(idleMillis)} while ` +
      'waiting, never when keepalive is off.',
    ...columns([
      ['sending', `${inWords(sendingMillis)}, or ${upTo(sysctls)} more (tcp_retries2 ${tcp_retries2})`],
      [
        'waiting or idle',
        `${orNever(idleMillis)} with keepalive (tcp_keepalive_time ${tcp_keepalive_time}, _intvl ${tcp_keepalive_intvl}, ` +
          `_probes ${tcp_keepalive_probes}), never without`,
      ],
      ['connecting', `${inWords(connectMillis)} (tcp_syn_retries ${sysctls.tcp_syn_retries})`],
    ]),
  ];
}

/** The kernel looks at its limit when a retransmission timer fires. */
function upTo({ tcp_rto_max_ms }: Sysctls): string {
  return `up to ${inWords(tcp_rto_max_ms)}`;
}

function notLinux({ platform }: Capabilities): string {
  return `Not computed: how long it waits is known for Linux only, and this is ${platform}.`;
}

function describeLifeguard({ enabled, options, noticedAfter }: LifeguardReport, capabilities: Capabilities): string[] {
  if (!enabled) return ['Nothing: LIFEGUARD_ENABLED is off.'];
  const set = columns(describeOptions(options));
  if (noticedAfter === null) return [...set, notLinux(capabilities)];
  const { idleMillis, waitingMillis, sendingMillis } = noticedAfter;
  const atLeast = options.userTimeoutMillis === 0 ? ' or more' : '';
  return [
    `A peer that dies silently is noticed after ${inWords(sendingMillis)}${atLeast} while sending, ` +
      `${orNever(waitingMillis)} while waiting, ${orNever(idleMillis)} while idle.`,
    ...set,
  ];
}

function describeOptions(options: Readonly<Partial<TcpOptions>>): Cells[] {
  const { keepAlive, keepAliveIdleMillis, keepAliveIntervalMillis, keepAliveCount, userTimeoutMillis } = options;
  const time = (millis: number | undefined) => (millis === undefined ? '?' : formatDuration(millis));
  const count = keepAliveCount ?? '?';
  const ends = userTimeoutMillis === 0 ? `ends after ${count}` : `count ${count}, which the user timeout overrides`;
  const probes = `first probe after ${time(keepAliveIdleMillis)}, then every ${time(keepAliveIntervalMillis)}, ${ends}`;
  return [
    ['keepalive', keepAlive === undefined ? '?' : keepAlive ? probes : 'off'],
    ['user timeout', userTimeoutMillis === 0 ? 'off' : time(userTimeoutMillis)],
  ];
}

function describePlatform({ platform, node, verified }: Capabilities): string {
  return `${platform}, Node.js ${node}${verified ? '' : '; by the kernel’s headers, never run'}`;
}

const CAPABILITY_NAMES = {
  keepAlive: 'keepalive',
  keepAliveIdle: 'its idle time',
  keepAliveInterval: 'its interval',
  keepAliveCount: 'its count',
  userTimeout: 'user timeout',
  tcpInfo: 'asking the kernel (TCP_INFO)',
  probe: 'probing the peer',
} as const satisfies Record<keyof Capabilities['supported'], string>;

function describeCapabilities({ supported }: Capabilities): string[] {
  const names = Object.keys(CAPABILITY_NAMES) as (keyof typeof CAPABILITY_NAMES)[];
  return columns(
    names.map((name): Cells => {
      const { ok, reason } = supported[name];
      return [CAPABILITY_NAMES[name], ok ? 'yes' : `no: ${reason}`];
    }),
  );
}

function describeWarning({ text, source }: Warning): string[] {
  return [`- ${text}`, ...(source === undefined ? [] : [`  ${source}`])];
}

function describeTarget(target: TargetReport): string[] {
  const { addresses, peer, connectMillis, tls, hardening, options, rttMicros, probe, problems } = target;
  const rows: Cells[] = [];
  if (addresses.length > 0) rows.push(['resolves to', addresses.join(', ')]);
  if (peer !== null) rows.push(['connected', `to ${peer} in ${connectMillis} ms`]);
  if (tls !== null)
    rows.push(['TLS', `${tls.protocol ?? '?'}${tls.untrusted === null ? '' : `, not trusted: ${tls.untrusted}`}`]);
  if (hardening !== null)
    rows.push(['hardening', `${hardening}; as the kernel has it now:`], ...describeOptions(options));
  if (rttMicros !== null) rows.push(['round trip', `${(rttMicros / 1000).toFixed(2)} ms`]);
  if (probe !== null) rows.push(['probe', probe]);
  return columns([...rows, ...problems.map((problem): Cells => ['WRONG', problem])]);
}

function conclude({ problems, warnings, targets }: DoctorReport): string {
  const all = [...problems, ...targets.flatMap((one) => one.problems.map((problem) => `${one.target}: ${problem}`))];
  if (all.length > 0)
    return section(
      'Wrong',
      all.map((problem) => `- ${problem}`),
    );
  return warnings.length > 0 ? 'Nothing is wrong; see the warnings.' : 'All is well.';
}

function orNever(millis: number | null): string {
  return millis === null ? 'never' : inWords(millis);
}
