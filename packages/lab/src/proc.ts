import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './errors.js';

/** The kernel's letter for what a process does: `R` runs, `S` sleeps, `T` is stopped. A zombie counts as gone. */
export function state(pid: number): string | undefined {
  return processes([pid])[0]?.state;
}

/** Sends a signal, to nobody if the process has ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function childrenOf(parent: number): number[] {
  return processes()
    .filter((one) => one.parent === parent)
    .map((one) => one.pid);
}

interface ProcessEntry {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
}

/** The processes of these numbers that live, or of all numbers. */
function processes(pids?: readonly number[]): ProcessEntry[] {
  const entries = process.platform === 'linux' ? fromProc(pids) : fromPs(pids);
  return entries.filter((entry) => entry.state !== 'Z');
}

function fromProc(pids: readonly number[] = readdirSync('/proc').map(Number).filter(Number.isInteger)): ProcessEntry[] {
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The name in parentheses may itself contain blanks and parentheses.
      const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid, state, parent: Number(parent) }];
    } catch {
      return [];
    }
  });
}

function fromPs(pids?: readonly number[]): ProcessEntry[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' }).trim().split('\n');
  return rows.flatMap((row) => {
    const [pid, parent, state = ''] = row.trim().split(/\s+/);
    const entry = { pid: Number(pid), parent: Number(parent), state: state.slice(0, 1) };
    return pids === undefined || pids.includes(entry.pid) ? [entry] : [];
  });
}

/**
 * Waits for what the kernel announces by no event, such as a process's being stopped.
 * @throws LabError after five seconds: all that is awaited here takes the kernel a few microseconds
 */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new LabError(`waited 5 s in vain: ${what}`);
    await delay(1);
  }
}
