// `npm run mutate`: see USAGE.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { examine, UnsoundTestsError } from './examine.js';
import type { Mutation } from './mutation.js';
import { MUTATIONS } from './mutations.js';
import { formatFinding, formatSummary, isFault } from './report.js';

const USAGE = `Usage: npm run mutate -- [options]

Shows that tests fail when the code of a rule is removed: tries each mutation of test/mutation/mutations.ts in a copy of
the repository, one after the other, and runs the unit tests that must fail.

  killed     a test failed, as it should
  survived   no test missed the code. Accepted if the table says why; else it is a fault
  unsteady   a test failed, and did not when it was run again: it may fail without the mutation, too. A fault
  broken     the mutation could not be tried: the code is not there (any more), or no test could be loaded. A fault

Options:
  --only <text>   the mutations of one rule (1 to 10), or those with the text in their promise or file
  --json          print one JSON array of findings and nothing else on stdout; progress goes to stderr
  --help          print this

Exit status: 0 no faults, 1 faults, 2 misused, 3 the tests fail without any mutation.`;

const MISUSED = 2;
const UNSOUND = 3;
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Arguments {
  readonly only: string | undefined;
  readonly json: boolean;
}

function parse(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  return values.help ? 'help' : { only: values.only, json: values.json };
}

function choose(only: string | undefined): Mutation[] {
  if (only === undefined) return [...MUTATIONS];
  const isChosen = ({ rule, promise, file }: Mutation) =>
    /^\d+$/.test(only) ? rule === Number(only) : promise.includes(only) || file.includes(only);
  const chosen = MUTATIONS.filter(isChosen);
  if (chosen.length === 0) throw new RangeError(`--only ${only}: no such mutation`);
  return chosen;
}

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  const chosen = parse(args);
  if (chosen === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const say = (text: string) => (chosen.json ? process.stderr : process.stdout).write(`${text}\n`);
  const mutations = choose(chosen.only);
  let done = 0;
  say(`mutations to try: ${mutations.length}; first the tests as they are`);
  const findings = await examine(root, mutations, (finding) => {
    done += 1;
    say(`[${String(done).padStart(String(mutations.length).length)}/${mutations.length}] ${formatFinding(finding)}`);
  });
  if (chosen.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else say(`\n${formatSummary(findings)}`);
  return findings.some(isFault) ? 1 : 0;
}

function explain(error: unknown): number {
  if (error instanceof UnsoundTestsError) {
    process.stderr.write(`mutate: ${error.message}\n`);
    return UNSOUND;
  }
  if (error instanceof RangeError || (error instanceof TypeError && 'code' in error)) {
    process.stderr.write(`mutate: ${error.message}\n`);
    return MISUSED;
  }
  throw error;
}

// What is under way ends, and the copy is removed, as the process exits.
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => process.exit(status));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
