#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { ConfigError } from '@lifeguard/tcp';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { formatReport } from './blackout/report.js';
import { blackout } from './blackout/run.js';
import { STUCK_AFTER_MILLIS } from './blackout/tally.js';
import { View } from './blackout/view.js';

const MISUSED = 2;
const INTERRUPTED = 130;

const CUT_SECONDS = { least: 1, most: 3600, default: 20 };

interface BlackoutFlags {
  readonly cut: number;
  readonly json?: true;
}

const BLACKOUT_HELP = `
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

function createProgram(): Command {
  const program = new Command('lifeguard')
    .description('Shows what becomes of pooled connections when the network goes dark.')
    .version(ownVersion())
    .exitOverride();
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
    .addHelpText('after', BLACKOUT_HELP)
    .action(runBlackout);
  return program;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function parseCut(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= CUT_SECONDS.least && seconds <= CUT_SECONDS.most) return seconds;
  throw new InvalidArgumentError(`Allowed: a number of seconds from ${CUT_SECONDS.least} to ${CUT_SECONDS.most}.`);
}

async function runBlackout({ cut, json }: BlackoutFlags): Promise<void> {
  const view = new View(json ? process.stderr : process.stdout);
  const report = await interruptible((signal) => blackout({ cutSeconds: cut, view, signal }));
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `\n${formatReport(report)}\n`);
}

/** Ctrl-C and SIGTERM abort the signal. Who asks a second time gets an end without delay, and the kernel clears up. */
async function interruptible<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort(new CommanderError(INTERRUPTED, 'lifeguard.interrupted', 'interrupted'));
  };
  // Not `once`: what brings the terminal's cursor back ends the process if it finds that nobody else listens.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await work(interruption.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return 0;
  } catch (error) {
    return explain(error);
  }
}

/** Commander has told about the errors that it made itself. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 1 ? MISUSED : error.exitCode;
  process.stderr.write(`lifeguard: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof ConfigError ? MISUSED : 1;
}

process.exitCode = await main(process.argv.slice(2));
