import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

interface Entry {
  readonly pid: number;
  readonly parent: number;
  /** Pid and time of birth: unlike the pid alone, never used again. */
  readonly identity: string;
}

/** The living descendants of a process, by an identity that is never used again. Linux only. */
export function descendantsOf(ancestor: number): string[] {
  const everyone = processes();
  const family = [ancestor];
  // Grows while it is walked.
  for (const parent of family) family.push(...everyone.filter((one) => one.parent === parent).map(({ pid }) => pid));
  return everyone.filter(({ pid }) => family.includes(pid) && pid !== ancestor).map(({ identity }) => identity);
}

/** Waits until none of them lives, which the kernel announces by no event. Gives back those that do after five seconds. */
export async function survivors(identities: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const living = new Set(processes().map(({ identity }) => identity));
    const left = identities.filter((identity) => living.has(identity));
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(20);
  }
}

/** A zombie is not counted: it has ended, and waits for its parent to look. */
function processes(): Entry[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        // From the third field on: the second, the name, may contain blanks and parentheses.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const [state, parent] = fields;
        return state === 'Z' ? [] : [{ pid, parent: Number(parent), identity: `${pid} born ${fields[19]}` }];
      } catch {
        return [];
      }
    });
}
