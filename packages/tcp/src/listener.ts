/**
 * Calls a listener in the middle of what a program does that knows nothing of it: what it throws becomes a process
 * warning, code `LIFEGUARD_LISTENER`.
 */
export function callListener(call: () => void): void {
  try {
    call();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`a listener for client sockets failed: ${reason}`, {
      type: 'LifeguardWarning',
      code: 'LIFEGUARD_LISTENER',
    });
  }
}
