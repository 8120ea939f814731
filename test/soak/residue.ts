import { readdirSync } from 'node:fs';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds. */
export interface Residue {
  /** Open file descriptors, sockets among them; 0 where the system does not tell. */
  readonly files: number;
  /** What keeps the event loop alive, and how much of it: timers, sockets, … */
  readonly resources: Readonly<Record<string, number>>;
  /** On the heap and beside it in buffers, after a garbage collection. */
  readonly heapBytes: number;
}

/** How long sockets that were closed may take to be gone. */
const SETTLING_MILLIS = 5000;

/** Works without `--expose-gc`, which a program on a host of the lab can't be given. */
const gc: () => void = exposeGarbageCollection();

function exposeGarbageCollection(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

/** Measures until nothing is left over that was not there `before`, or for five seconds. */
export async function measureResidue(before?: Residue): Promise<Residue> {
  const deadline = performance.now() + SETTLING_MILLIS;
  for (;;) {
    const residue = await measure();
    if (before === undefined || leftovers(before, residue).length === 0) return residue;
    if (performance.now() > deadline) return residue;
    await delay(100);
  }
}

/** What is there now and was not there before, in words. */
export function leftovers(before: Residue, after: Residue, heapGrowthBytes = Number.POSITIVE_INFINITY): string[] {
  const found: string[] = [];
  if (after.files > before.files) found.push(`${after.files} file descriptors, ${before.files} before`);
  for (const [name, count] of Object.entries(after.resources)) {
    const earlier = before.resources[name] ?? 0;
    if (count > earlier) found.push(`${count} active ${name}, ${earlier} before`);
  }
  if (after.heapBytes > before.heapBytes + heapGrowthBytes) {
    found.push(`a heap of ${megabytes(after.heapBytes)}, ${megabytes(before.heapBytes)} before`);
  }
  return found;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function measure(): Promise<Residue> {
  await collectGarbage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  return { files: countFiles(), resources, heapBytes: heapUsed + external };
}

function countFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** More than once: what one collection finalizes, only the next frees. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    gc();
    await setImmediate();
  }
}
