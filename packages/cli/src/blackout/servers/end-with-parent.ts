/** A program of the stage ends when whoever started it does, however that came, and is not ended by Ctrl-C before that. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit());
  // It reaches every process of a terminal. The parent decides.
  process.on('SIGINT', () => {});
}
