/** What became of some work, and how long that took. */
export async function timed<R>(work: Promise<R>): Promise<{ outcome: PromiseSettledResult<R>; millis: number }> {
  const start = performance.now();
  const [outcome] = await Promise.allSettled([work]);
  return { outcome, millis: performance.now() - start };
}
