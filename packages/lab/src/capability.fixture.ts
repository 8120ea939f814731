import { Lab } from './lab.js';

const missing = await Lab.available();

export const isRoot: boolean = process.geteuid?.() === 0;

/**
 * Whether tests that need a lab are to be skipped: where none can be made, and nobody counts on it. Says so then.
 * On a continuous integration server they run, and fail.
 */
export function noLab(): boolean {
  return skip(missing);
}

/** The same for tests that enter a host, which needs root besides. */
export function noEntry(): boolean {
  return skip(missing ?? (isRoot ? undefined : 'only root can enter a host'));
}

/** The same for tests that lack something, for that reason. */
export function skip(reason: string | undefined): boolean {
  if (reason === undefined || process.env['CI'] === 'true') return false;
  console.warn(`skipped: ${reason}`);
  return true;
}
