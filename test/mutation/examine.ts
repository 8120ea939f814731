import { type Mutation, mutate } from './mutation.js';
import { type Outcome, runTests } from './outcome.js';
import { Scratch } from './scratch.js';

/** What became of one mutation. */
export interface Finding {
  readonly mutation: Mutation;
  /**
   * `killed`: a test failed, and failed again. `unsteady`: it did not fail again, so it may fail without the mutation,
   * too. `broken`: the mutation could not be tried, and has to be written anew.
   */
  readonly verdict: 'killed' | 'survived' | 'unsteady' | 'broken';
  /** What failed, or why the mutation could not be tried. */
  readonly detail?: string;
  readonly millis: number;
}

/** The tests fail though nothing was mutated: what fails with a mutation would mean nothing. */
export class UnsoundTestsError extends Error {
  override readonly name = 'UnsoundTestsError';
}

/**
 * Tries one mutation after the other in a copy of the repository, which is removed in the end.
 *
 * @param root the repository, compiled
 * @param told hears of each finding as soon as there is one
 * @throws {UnsoundTestsError}
 */
export async function examine(
  root: string,
  mutations: readonly Mutation[],
  told: (finding: Finding) => void,
): Promise<Finding[]> {
  const scratch = new Scratch(root);
  const remove = () => scratch.remove();
  process.once('exit', remove);
  try {
    await expectSound(scratch, mutations);
    const findings: Finding[] = [];
    for (const mutation of mutations) {
      const finding = await examineOne(scratch, mutation);
      findings.push(finding);
      told(finding);
    }
    return findings;
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function expectSound(scratch: Scratch, mutations: readonly Mutation[]): Promise<void> {
  const files = new Set(mutations.flatMap(({ tests }) => tests));
  const outcome = await runTests(scratch.folder, [...files]);
  if (outcome.kind !== 'passed') throw new UnsoundTestsError(`without any mutation: ${outcome.reason}`);
}

async function examineOne(scratch: Scratch, mutation: Mutation): Promise<Finding> {
  const startedAt = performance.now();
  const result = await tryOne(scratch, mutation);
  return { mutation, ...result, millis: Math.round(performance.now() - startedAt) };
}

async function tryOne(scratch: Scratch, mutation: Mutation): Promise<Pick<Finding, 'verdict' | 'detail'>> {
  const { file, tests } = mutation;
  let mutated: string;
  try {
    mutated = mutate(scratch.read(file), mutation);
  } catch (error) {
    return { verdict: 'broken', detail: (error as Error).message };
  }
  return scratch.withText(file, mutated, async () => {
    const outcome = await runTests(scratch.folder, tests);
    return judge(outcome, await again(scratch, tests, outcome));
  });
}

/** Runs the test that failed once more. */
function again(scratch: Scratch, tests: readonly string[], outcome: Outcome): Promise<Outcome> | Outcome {
  if (outcome.kind !== 'failed' || outcome.by === undefined) return outcome;
  return runTests(scratch.folder, tests, outcome.by);
}

function judge(first: Outcome, second: Outcome): Pick<Finding, 'verdict' | 'detail'> {
  if (first.kind === 'passed') return { verdict: 'survived' };
  if (first.kind === 'broken') return { verdict: 'broken', detail: first.reason };
  return { verdict: second.kind === 'failed' ? 'killed' : 'unsteady', detail: first.reason };
}
