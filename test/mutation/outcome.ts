import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** How a run of tests ended. */
export type Outcome =
  | { readonly kind: 'passed' }
  /** `by`: the first test that failed; `undefined` if it was none. */
  | { readonly kind: 'failed'; readonly by: string | undefined; readonly reason: string }
  /** No test came to run, so nothing has been shown. */
  | { readonly kind: 'broken'; readonly reason: string };

/** What a mutation keeps from settling shows soon, and need not take half a minute. */
const LIMITS = ['--testTimeout', '5000', '--hookTimeout', '5000'];
/** A mutation can make a loop that starves every timer of the process that runs the tests. */
const RUN_TIMEOUT_MILLIS = 60_000;

/** The part of vitest's JSON report that is read here. */
interface VitestReport {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * Runs unit tests of a copy of the repository until the first of them fails. Random tests run with a fixed seed.
 *
 * @param folder the copy
 * @param files the tests' paths in it
 * @param test the full name of the only test to run; all, if left out
 */
export async function runTests(folder: string, files: readonly string[], test?: string): Promise<Outcome> {
  const reportFile = join(folder, 'report.json');
  rmSync(reportFile, { force: true });
  const status = await runVitest(folder, [
    ...['run', '--bail', '1', ...LIMITS, '--reporter', 'json', '--outputFile', reportFile],
    ...(test === undefined ? [] : ['--testNamePattern', `^\\s*${literal(test)}$`]),
    ...files,
  ]);
  if (status === 'hangs')
    return failed(undefined, `no test fails, and none ends within ${RUN_TIMEOUT_MILLIS / 1000} s`);
  if (!existsSync(reportFile)) return { kind: 'broken', reason: 'vitest wrote no report' };
  return judge(JSON.parse(readFileSync(reportFile, 'utf8')), status);
}

function judge({ numTotalTests, testResults }: VitestReport, status: number): Outcome {
  if (numTotalTests === 0) return { kind: 'broken', reason: testResults[0]?.message ?? 'no test was found' };
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const by = tests.find((test) => test.status === 'failed')?.fullName;
  if (by !== undefined) return failed(by, `"${by}"`);
  // An error that nobody has caught fails the run, and no test.
  return status === 0 ? { kind: 'passed' } : failed(undefined, 'an error that nobody catches');
}

function failed(by: string | undefined, reason: string): Outcome {
  return { kind: 'failed', by, reason };
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

async function runVitest(folder: string, args: readonly string[]): Promise<number | 'hangs'> {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const env = { ...process.env, SEED: '1' };
  // In a process group of its own, so that its workers end with it.
  const child = spawn(process.execPath, [vitest, ...args], { cwd: folder, env, stdio: 'ignore', detached: true });
  const kill = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(kill, RUN_TIMEOUT_MILLIS);
  // Before the copy is removed.
  process.prependOnceListener('exit', kill);
  const [status] = (await once(child, 'exit')) as [number | null];
  process.off('exit', kill);
  clearTimeout(timer);
  return status ?? 'hangs';
}
