import { ConfigError } from '@lifeguard/tcp';
import type { Command } from 'commander';
import { FAILED, MISUSED, OK } from '../exit-status.js';
import { type DoctorReport, formatReport } from './report.js';
import { doctor } from './run.js';
import { parseTarget, SCHEME_NAMES, type Target, TargetError } from './target.js';

interface Flags {
  readonly json?: true;
}

const HELP = `
A URL begins with one of ${wrap(SCHEME_NAMES, 88)}.
grpc, tcp and tls need a port. Of a URL only scheme, host and port are used; user, password, path and query are neither
sent nor printed. On a connection nothing is sent but what TCP does and, for rediss, amqps, https and tls, a TLS handshake.

How soon a dead peer is noticed is computed by the rules of Linux. Idle and waiting: from the peer's last sign of life.
Sending: from the moment of sending. A round trip and the kernel's own lateness, up to an eighth, are to be added.

The object that --json prints:
  healthy        whether the exit status is 0
  problems       what is wrong with the environment or the platform, in sentences
  warnings       what works and may not do what is hoped for: text, and source, where more is said about it
  kernel         null outside Linux: sysctls, noticedAfter (idleMillis, waitingMillis, sendingMillis; null: never),
                 connectMillis
  lifeguard      enabled, options, noticedAfter (null outside Linux)
  capabilities   platform, node, verified, supported: of each option, ok and the reason why not
  targets        of each: target, addresses, peer, connectMillis, tls (protocol, untrusted), hardening, options,
                 rttMicros, probe ('alive', 'suspect', 'dead' or 'unknown'), problems
With a bad environment there are only healthy and problems.

Exit status:
  0   all is well; there may be warnings
  1   something is wrong: a bad variable, Lifeguard is off or can't set what it should, a server can't be reached, its
      connection is not hardened, or its kernel does not answer the probe
  2   a URL or an option that can't be used

Examples:
  lifeguard doctor
  lifeguard doctor postgres://db.internal redis://cache:6380
  LIFEGUARD_USER_TIMEOUT=3s lifeguard doctor --json "$DATABASE_URL" | jq .lifeguard.noticedAfter`;

/** Adds `doctor` to the commands. */
export function addDoctor(program: Command, end: (status: number) => void): void {
  program
    .command('doctor')
    .summary('say how soon this machine notices that a peer has died, and examine servers')
    .description(
      'Says after how long this machine notices that a peer has died silently, by the kernel’s defaults and with ' +
        'Lifeguard and the environment as they are, what can be done on this platform, and what to beware of. Resolves, ' +
        'connects to and hardens a connection to each URL, and has the peer’s kernel answer one probe.',
    )
    .argument('[url...]', 'servers to examine')
    .option('--json', 'print one JSON object and nothing else on stdout')
    .addHelpText('after', HELP)
    .action(async (urls: string[], { json }: Flags) => {
      end(await run(urls, json ?? false));
    });
}

async function run(urls: readonly string[], json: boolean): Promise<number> {
  const targets: Target[] = [];
  try {
    targets.push(...urls.map(parseTarget));
    const report = await doctor(targets);
    process.stdout.write(`${json ? JSON.stringify(report, null, 2) : formatReport(report)}\n`);
    return report.healthy ? OK : FAILED;
  } catch (error) {
    if (error instanceof TargetError) return tell(error, MISUSED);
    if (!(error instanceof ConfigError)) throw error;
    const bad: Pick<DoctorReport, 'healthy' | 'problems'> = { healthy: false, problems: [error.message] };
    if (json) process.stdout.write(`${JSON.stringify(bad, null, 2)}\n`);
    return tell(error, FAILED);
  }
}

function tell({ message }: Error, status: number): number {
  process.stderr.write(`lifeguard: ${message}\n`);
  return status;
}

/** Words, in lines that are about that long. */
function wrap(words: readonly string[], length: number): string {
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length > length) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line}, ${word}`;
  }
  return lines.join(',\n');
}
