// `npm run soak`: see USAGE.
import { parseArgs } from 'node:util';
import { LabUnavailableError } from '@lifeguard/lab';
import { type FaultsReport, soakInFaults } from './faults.js';
import type { Finding } from './findings.js';
import { type LossReport, soakInLoss } from './loss.js';
import { anySeed, MAX_SEED } from './random.js';
import { formatFaults, formatFindings, formatLoss } from './report.js';

const USAGE = `Usage: npm run soak -- [options]

Puts a pool on PostgreSQL under load, in a network of its own, and looks whether it keeps its promises:

  loss     5 % of all packets are lost at random, in each direction, with default TCP options. Connections live for
           20 s, so that some are opened under loss, too. No connection may be evicted but for an ordinary reason
           (each eviction is printed), no request may fail, every answer must be right.
  faults   One fault follows the other at random moments: the cable is cut (both ways, one way; up to 4 s), the server
           or one of its processes is killed, connections are terminated, the server is frozen (up to 3 s). After each
           the pool must serve within 1 s: of the healing, or of the server's accepting connections again. At the end
           nothing may be left over: file descriptors, timers, heap, connections of the server, requests without an end.
           The TCP options are short (idle 1 s, interval 1 s, count 2, user timeout 2 s), so that the kernel gives up
           within 3.5 s, not 11.5 s: 1,000 faults take half an hour or so.

Options:
  --only <part>      loss or faults; default: both, one after the other
  --minutes <n>      how long packets are lost: more than 0, default 10
  --faults <n>       how many faults: 1 or more, default 1000
  --seed <n>         of all that is chosen at random here, 0 to ${MAX_SEED}; the kernel's timing is not. Default: any, printed
  --json             print one JSON object and nothing else on stdout; progress goes to stderr
  --help             print this

Exit status: 0 all promises kept, 1 not all, 2 misused, 3 no lab can be made here.`;

const MISUSED = 2;
const NO_LAB = 3;

interface Arguments {
  readonly only: 'loss' | 'faults' | undefined;
  readonly minutes: number;
  readonly faults: number;
  readonly seed: number;
  readonly json: boolean;
}

interface SoakReport {
  readonly seed: number;
  readonly loss?: LossReport;
  readonly faults?: FaultsReport;
  /** All that was promised and not kept: those of both parts. */
  readonly findings: readonly Finding[];
}

class UsageError extends Error {}

/** @throws UsageError */
function parse(args: readonly string[]): Arguments | 'help' {
  const { only, minutes, faults, seed, json, help } = read(args);
  if (help) return 'help';
  if (only !== undefined && only !== 'loss' && only !== 'faults')
    throw new UsageError(`--only ${only}: loss or faults`);
  return {
    only,
    minutes: number(`--minutes ${minutes}`, minutes, 'more than 0', (n) => n > 0),
    faults: number(`--faults ${faults}`, faults, '1 or more', (n) => Number.isInteger(n) && n >= 1),
    seed: number(`--seed ${seed}`, seed, `0 to ${MAX_SEED}`, (n) => Number.isInteger(n) && n >= 0 && n <= MAX_SEED),
    json,
  };
}

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        minutes: { type: 'string', default: '10' },
        faults: { type: 'string', default: '1000' },
        seed: { type: 'string', default: String(anySeed()) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(given: string, text: string, range: string, isAllowed: (n: number) => boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && isAllowed(value)) return value;
  throw new UsageError(`${given}: ${range}`);
}

async function soak({ only, minutes, faults: count, seed, json }: Arguments): Promise<SoakReport> {
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  say(`seed ${seed}`);
  const loss = only === 'faults' ? undefined : await soakInLoss({ minutes, seed, say });
  if (loss && !json) say(formatLoss(loss));
  const faults = only === 'loss' ? undefined : await soakInFaults({ faults: count, seed, say });
  if (faults && !json) say(formatFaults(faults));
  const findings = [...(loss?.findings ?? []), ...(faults?.findings ?? [])];
  return { seed, ...(loss && { loss }), ...(faults && { faults }), findings };
}

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  const chosen = parse(args);
  if (chosen === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const report = await soak(chosen);
  process.stdout.write(chosen.json ? `${JSON.stringify(report, null, 2)}\n` : `${formatFindings(report.findings)}\n`);
  return report.findings.length === 0 ? 0 : 1;
}

function explain(error: unknown): number {
  const status = error instanceof LabUnavailableError ? NO_LAB : error instanceof UsageError ? MISUSED : undefined;
  if (status === undefined) throw error;
  process.stderr.write(`soak: ${(error as Error).message}\n`);
  return status;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
