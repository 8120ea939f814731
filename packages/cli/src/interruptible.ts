import { CommanderError } from 'commander';
import { INTERRUPTED } from './exit-status.js';

/** Ctrl-C and SIGTERM abort the signal. Who asks a second time gets an end without delay, and the kernel clears up. */
export async function interruptible<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort(new CommanderError(INTERRUPTED, 'lifeguard.interrupted', 'interrupted'));
  };
  // Not `once`: what brings the terminal's cursor back ends the process if it finds that nobody else listens.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await work(interruption.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
