import { type Command, InvalidArgumentError, Option } from 'commander';
import { interruptible } from '../interruptible.js';
import { formatComparison } from './comparison.js';
import { DRIVER_NAMES, type DriverName } from './drivers/drivers.js';
import type { Recording } from './page/recording.js';
import { ReportFile } from './page/report-file.js';
import { formatReport } from './report.js';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.js';
import { STUCK_AFTER_MILLIS } from './tally.js';
import { View } from './view.js';

const CUT_SECONDS = { least: 1, most: 3600, default: 20 };

interface Flags {
  readonly driver: DriverName;
  readonly compare?: true;
  readonly scenario: ScenarioName;
  readonly cut: number;
  readonly json?: true;
  readonly report?: ReportFile;
}

const widest = Math.max(...SCENARIO_NAMES.map((name) => name.length));
const scenarioLines = SCENARIO_NAMES.map((name) => `  ${name.padEnd(widest)}  ${SCENARIOS[name].summary}`);

const HELP = `
It takes 10 to 25 seconds more than the fault, with --compare up to 40. Lifeguard's variables, such as LIFEGUARD_USER_TIMEOUT=5s, count.

pg and PostgreSQL come with this command. Other drivers must be installed beside it, with Lifeguard's packages for them, as in
npm install lifeguard mysql2 @lifeguard/mysql2. Debian's packages mariadb-server-core, redis-server, rabbitmq-server and
nats-server bring their servers; those for grpc, http, fetch and net are small ones of Node.js.

Scenarios:
${scenarioLines.join('\n')}
Where the server is started again, the time from healing to the first answer has that in it.

The object that --json prints:
  scenario     the scenario, or 'no-fault' where no lab can be made; then 'reason' says why
  cutSeconds   how long the fault lasted
  driver       the driver
  tcp          of Lifeguard's, as below
  pools        of each of the two, the driver as it comes first:
    name, sent, answered, failed
    stuckAtHeal                  queries with neither answer nor error after more than ${STUCK_AFTER_MILLIS / 1000} s, when the fault was over
    longestWaitMillis            of any query, until its answer, its error or the end of the run
    firstErrorAfterCutMillis     null: none came
    firstAnswerAfterHealMillis   null: none came
    errors                       how many failed, by error code
    tcp                          the options of one of its sockets, read back from the kernel
  computed     how long the driver would have waited by this machine's sysctls: computed, not measured; null where it is no
               scenario of packets lost
With --compare there is an array 'drivers' instead of driver, tcp and pools: of each 'driver' and 'pools', or 'driver' and
'missing', which says why it was left out. With CI=true in the environment that is an error.

Examples:
  lifeguard blackout
  lifeguard blackout --cut 60
  lifeguard blackout --driver mysql2 --scenario server-frozen
  lifeguard blackout --compare
  lifeguard blackout --report blackout.html
  lifeguard blackout --json --cut 15 > blackout.json`;

/** Adds `blackout` to the commands. */
export function addBlackout(program: Command): void {
  program
    .command('blackout')
    .summary('cut the cable between a service and its database, and watch a driver with and without Lifeguard')
    .description(
      'Runs a small service twice, on pg.Pool and on @lifeguard/pg, with a real PostgreSQL in a network of its own. After ' +
        'a few seconds the cable to the database is cut silently, later healed, and the two are compared. Where no such ' +
        'network can be made it says why, and runs both without the fault. Other drivers, servers and faults: see the options.',
    )
    .addOption(
      new Option('--driver <name>', 'which driver, with its server, see below').choices(DRIVER_NAMES).default('pg'),
    )
    .addOption(
      new Option('--compare', 'all drivers at once, as they come and on Lifeguard, in one table').conflicts('driver'),
    )
    .addOption(
      new Option('--scenario <name>', 'what befalls them, see below').choices(SCENARIO_NAMES).default('silent-cut'),
    )
    .option(
      '--cut <seconds>',
      `how long the cable is cut, or the scenario lasts: ${CUT_SECONDS.least} to ${CUT_SECONDS.most}`,
      parseCut,
      CUT_SECONDS.default,
    )
    .option('--json', 'print one JSON object and nothing else on stdout; progress goes to stderr')
    .option(
      '--report <file>',
      'write a page (FILE.html) that shows each request and what the kernel knew, or a picture (FILE.svg)',
      parseReport,
    )
    .addHelpText('after', HELP)
    .action(run);
}

function parseCut(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= CUT_SECONDS.least && seconds <= CUT_SECONDS.most) return seconds;
  throw new InvalidArgumentError(`Allowed: a number of seconds from ${CUT_SECONDS.least} to ${CUT_SECONDS.most}.`);
}

function parseReport(path: string): ReportFile {
  try {
    return new ReportFile(path);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function run({ driver, compare: all, scenario, cut, json, report: file }: Flags): Promise<void> {
  const view = new View(json ? process.stderr : process.stdout);
  // Not before: the lab and a driver come with them, which no other command needs.
  const [{ blackout }, { compare }] = await Promise.all([import('./run.js'), import('./compare.js')]);
  const record = file && ((recording: Recording) => file.record(recording));
  const options = { scenario, cutSeconds: cut, view, record };
  if (all) {
    const report = await interruptible((signal) => compare({ ...options, signal }));
    print(json ? JSON.stringify(report, null, 2) : `\n${formatComparison(report)}`);
    await file?.write(report);
    return;
  }
  const report = await interruptible((signal) => blackout({ ...options, driver, signal }));
  print(json ? JSON.stringify(report, null, 2) : `\n${formatReport(report)}`);
  await file?.write(report);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
