// `npm run drivers`: see USAGE.
import { parseArgs } from 'node:util';
import { LabUnavailableError } from '@lifeguard/lab';
import { DRIVERS, type Driver } from './drivers.js';
import { FetchError, findNode, type Node, THIS_NODE } from './nodes.js';
import { BY_DEFAULT, type Profile, SHORT } from './profile.js';
import { formatReport, type NodeReport } from './report.js';
import { isGood, runDrivers } from './run.js';
import { setStage } from './stage.js';

const USAGE = `Usage: npm run drivers -- [options]

Runs a small program for each driver, unmodified, under @lifeguard/register, in a network of its own, and prints a table:

  sockets      the TCP client sockets that the process had open, found from outside, in /proc
  hardened     whether each has the five options: read back from the kernel, from outside, by pidfd_getfd(2). Keepalive
               that the driver itself has set stricter stays
  silent drop  the cable is cut under all programs at once. One call of each waits for its answer then, if the driver has
               several connections, and one is made again and again: when did the last have its error, and which?
               The kernel gives up within 11.5 s by default options, 3.5 s by short ones.

Where the server is a listener, it accepts the connection and says nothing: enough to see the socket.

Options:
  --only <names>   comma-separated: these drivers
  --node <list>    comma-separated: these versions of Node.js, such as 20,24; npm fetches what is not the running one
  --short          short TCP options: idle 1 s, interval 1 s, count 2, user timeout 2 s
  --json           print one JSON array and nothing else on stdout, an object for each Node.js: node, and drivers, each with
                   driver, version, server, sockets, hardened, others (the options that are
                   not exactly those wanted), and
                   silentDrop: errorAfterSeconds, isInTime, errors; null with a listener. Progress goes to stderr
  --help           print this

Exit status: 0 all sockets hardened and all callers told in time, 1 not all, 2 misused, 3 no lab can be made here,
4 npm could not bring a version of Node.js.`;

const MISUSED = 2;
const NO_LAB = 3;
const NO_NODE = 4;

class UsageError extends Error {}

/** What need not be traced, and the exit status for it. */
const EXPECTED = [
  [UsageError, MISUSED],
  [LabUnavailableError, NO_LAB],
  [FetchError, NO_NODE],
] as const;

interface Arguments {
  readonly drivers: readonly Driver[];
  readonly nodes: readonly string[];
  readonly profile: Profile;
  readonly json: boolean;
}

/** @throws UsageError */
function parse(args: readonly string[]): Arguments | 'help' {
  const { only, node, short, json, help } = read(args);
  if (help) return 'help';
  return {
    drivers: only === undefined ? DRIVERS : list(only).map(driverOf),
    nodes: node === undefined ? [] : list(node).map(checkedVersion),
    profile: short ? SHORT : BY_DEFAULT,
    json,
  };
}

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        node: { type: 'string' },
        short: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function list(text: string): string[] {
  return text.split(',').filter((word) => word !== '');
}

function driverOf(name: string): Driver {
  const driver = DRIVERS.find((each) => each.name === name);
  if (!driver) throw new UsageError(`--only ${name}: there are ${DRIVERS.map((each) => each.name).join(', ')}`);
  return driver;
}

function checkedVersion(version: string): string {
  if (/^\d+(\.\d+){0,2}$/.test(version)) return version;
  throw new UsageError(`--node ${version}: a version of Node.js, such as 24 or 24.1.0`);
}

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  const chosen = parse(args);
  if (chosen === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const reports = await report(chosen);
  if (chosen.json) process.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`);
  return reports.every(({ drivers }) => drivers.every(isGood)) ? 0 : 1;
}

async function report({ drivers, nodes, profile, json }: Arguments): Promise<NodeReport[]> {
  const say = (text: string) => process.stderr.write(`drivers: ${text}\n`);
  const found: Node[] = [];
  for (const version of nodes) found.push(await findNode(version, say));
  say('starting the servers');
  await using stage = await setStage();
  const reports: NodeReport[] = [];
  for (const { version, file } of found.length > 0 ? found : [THIS_NODE]) {
    say(`Node.js ${version}`);
    const run = { node: file, nodeVersion: version, drivers, profile, say };
    const one = { node: version, drivers: await runDrivers(stage, run) };
    reports.push(one);
    if (!json) process.stdout.write(`${formatReport(one)}\n\n`);
  }
  return reports;
}

function explain(error: unknown): number {
  const [, status] = EXPECTED.find(([kind]) => error instanceof kind) ?? [];
  if (status === undefined) throw error;
  process.stderr.write(`drivers: ${(error as Error).message}\n`);
  return status;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
