/** What ioredis calls for each error of a client, and leaves out of its types. A cluster has no such method. */
export interface Emitting {
  silentEmit?(event: string, ...args: unknown[]): boolean;
}

/** Tells of a client's errors. A listener for `'error'` would silence the driver, which prints what nobody listens to. */
export function hearErrors(client: Emitting, told: (error: unknown) => void): void {
  const { silentEmit } = client;
  if (!silentEmit) return;
  client.silentEmit = (event, ...args) => {
    if (event === 'error') told(args[0]);
    return silentEmit.call(client, event, ...args);
  };
}
