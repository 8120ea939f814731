/**
 * What a step comes to, if that is soon enough; what it does afterwards is ignored. Rejects as the step does, or when its time
 * is up.
 */
export async function inTime<R>(millis: number, step: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${millis} ms`)), millis);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with whether the step has succeeded in time. Never rejects. */
export async function succeeds(millis: number, step: () => Promise<unknown>): Promise<boolean> {
  try {
    await inTime(millis, step());
    return true;
  } catch {
    return false;
  }
}
