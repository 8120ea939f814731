import { ConfigError } from '@lifeguard/tcp';
import { duration, resolveSettings } from '@lifeguard/tcp/settings';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { interruptible } from '../interruptible.js';
import { takeSnapshot, watch } from './run.js';
import { formatSnapshot } from './screen.js';

const INTERVAL = duration({ default: 1000, min: 100, max: 3_600_000, summary: 'from one look to the next' });

interface Flags {
  readonly interval: number;
  readonly json?: true;
  readonly once?: true;
}

const HELP = `
The kernel is asked, by ss of iproute2 (netlink sock_diag) and /proc/PID/fd; the process notices nothing, need not use
Lifeguard, and need not be Node.js. One in another network namespace, as in a container, is looked for there (nsenter of
util-linux, as root). Linux only.

Left out: sockets that were accepted, which have the port of a listener.
Not shown, for the kernel does not tell it to others: idle time, interval, count and user timeout (the time of the next
look tells whether keepalive is on).
The names of Lifeguard's pools are in a file in memory that a thread with pools has, /memfd:lifeguard in /proc/PID/fd. It is
up to date but for a tenth of a second.

Columns:
  verdict     suspect: two probes or retransmissions in a row are unanswered; dead: the peer has closed, the process has not;
              unknown: still connecting; alive: nothing speaks against it
  peer, state
  pool        the name of the Lifeguard pool that has the connection; the column is there only if there is such a pool
  silent      since the peer's last sign of life, the answer to a keepalive probe included
  sent        since data were last sent
  received    since data were last received
  unacked     segments sent and not acknowledged
  retrans     retransmissions in a row without an answer, and all since the connection was opened
  probes      keepalive or window probes in a row without an answer
  next look   which of the kernel's timers is set, and when it fires
  rtt         smoothed round-trip time

The object that --json prints: pid, name, at (ISO 8601) and sockets: of each peer, local, pool (null: none of Lifeguard's), state,
  verdict, lastDataSentMillis, lastDataReceivedMillis, silentMillis, unacked, sendQueueBytes, receiveQueueBytes, retransmits,
  totalRetransmits, probes, timer (name, millis; null: none), keepAlive (null: not to be seen now), rttMillis.

Exit status:
  0     the process has ended, or was looked at once
  1     it can't be watched: there is no such process, no permission or no ss, or this is not Linux
  2     an argument or an option that can't be used
  130   interrupted
  141   nobody reads what it writes, as after | head

Examples:
  lifeguard watch 4242
  lifeguard watch 4242 --interval 250ms
  lifeguard watch --json $(pgrep -nx node) | jq '.sockets[] | select(.verdict != "alive")'`;

/** Adds `watch` to the commands. */
export function addWatch(program: Command): void {
  program
    .command('watch')
    .summary('show the TCP connections that a running process has made, those in trouble first')
    .description(
      'Shows the TCP client sockets of a running process as the kernel sees them now, refreshed, suspects first: a top ' +
        'for connections.',
    )
    .argument('<pid>', 'the process', parsePid)
    .addOption(
      new Option('--interval <duration>', 'from one look to the next, in milliseconds or such as 500ms, 2s')
        .argParser(parseInterval)
        .default(INTERVAL.default, INTERVAL.defaultText),
    )
    .option('--once', 'look once')
    .option('--json', 'look once, and print one JSON object and nothing else on stdout')
    .addHelpText('after', HELP)
    .action(run);
}

function parsePid(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: the number of a process.');
}

function parseInterval(text: string): number {
  try {
    // An empty text would count as not given.
    return resolveSettings({ interval: INTERVAL }, { options: { interval: text || 'nothing' } }).interval;
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError(`Allowed: ${INTERVAL.allowed}.`);
    throw error;
  }
}

async function run(pid: number, { interval, json, once }: Flags): Promise<void> {
  const { stdout } = process;
  if (json) stdout.write(`${JSON.stringify(await takeSnapshot(pid), null, 2)}\n`);
  else if (once) stdout.write(`${formatSnapshot(await takeSnapshot(pid))}\n`);
  else await interruptible((signal) => watch({ pid, intervalMillis: interval, stream: stdout, signal }));
}
