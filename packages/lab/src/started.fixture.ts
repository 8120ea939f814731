import { onTestFinished } from 'vitest';

/** A server for as long as the test runs. */
export async function started<S extends { close(): Promise<void> }>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  onTestFinished(() => server.close());
  return server;
}
