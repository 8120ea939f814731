import { type Command, InvalidArgumentError } from 'commander';
import { interruptible } from '../interruptible.js';
import { formatReport } from './report.js';
import { STUCK_AFTER_MILLIS } from './tally.js';
import { View } from './view.js';

const CUT_SECONDS = { least: 1, most: 3600, default: 20 };

interface Flags {
  readonly cut: number;
  readonly json?: true;
}

const HELP = `
It takes 10 to 25 seconds more than the cut. Lifeguard's variables, such as LIFEGUARD_USER_TIMEOUT=5s, count.

The object that --json prints:
  scenario     'silent-cut', or 'no-fault' where no lab can be made; then 'reason' says why
  cutSeconds   how long the cable was cut
  tcp          of @lifeguard/pg, as below
  pools        of each:
    name, sent, answered, failed
    stuckAtHeal                  queries with neither answer nor error after more than ${STUCK_AFTER_MILLIS / 1000} s, when the cable was healed
    longestWaitMillis            of any query, until its answer, its error or the end of the run
    firstErrorAfterCutMillis     null: none came
    firstAnswerAfterHealMillis   null: none came
    errors                       how many failed, by error code
    tcp                          the options of one of its sockets, read back from the kernel
  computed     how long pg.Pool would have waited by this machine's sysctls: computed, not measured

Examples:
  lifeguard blackout
  lifeguard blackout --cut 60
  lifeguard blackout --json --cut 15 > blackout.json`;

/** Adds `blackout` to the commands. */
export function addBlackout(program: Command): void {
  program
    .command('blackout')
    .summary('cut the cable between a service and its database, and watch pg.Pool and @lifeguard/pg')
    .description(
      'Runs a small service twice, on pg.Pool and on @lifeguard/pg, with a real PostgreSQL in a network of its own. After ' +
        'a few seconds the cable to the database is cut silently, later healed, and the two are compared. Where no such ' +
        'network can be made it says why, and runs both without the fault.',
    )
    .option(
      '--cut <seconds>',
      `how long the cable is cut: ${CUT_SECONDS.least} to ${CUT_SECONDS.most}`,
      parseCut,
      CUT_SECONDS.default,
    )
    .option('--json', 'print one JSON object and nothing else on stdout; progress goes to stderr')
    .addHelpText('after', HELP)
    .action(run);
}

function parseCut(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= CUT_SECONDS.least && seconds <= CUT_SECONDS.most) return seconds;
  throw new InvalidArgumentError(`Allowed: a number of seconds from ${CUT_SECONDS.least} to ${CUT_SECONDS.most}.`);
}

async function run({ cut, json }: Flags): Promise<void> {
  // Not before: the lab and a driver come with it, which no other command needs.
  const { blackout } = await import('./run.js');
  const view = new View(json ? process.stderr : process.stdout);
  const report = await interruptible((signal) => blackout({ cutSeconds: cut, view, signal }));
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `\n${formatReport(report)}\n`);
}
