import { roughNow } from './rough-clock.js';

/** When a command was issued, or began to wait anew; that of a pipeline stands with the pipeline too. */
export const SINCE = Symbol('lifeguard.since');

/** What bears a time. */
export interface Stamped {
  [SINCE]?: number;
}

/** A command of ioredis, as far as it is looked at. */
export interface Command extends Stamped {
  readonly name: string;
  readonly promise: Promise<unknown>;
  reject(error: Error): void;
}

/** A command that waits; `stream` is the pipeline's that it belongs to. */
export interface Item {
  readonly command: Command;
  readonly stream?: Stamped | undefined;
}

/** A queue of ioredis. */
export interface Queue {
  readonly length: number;
  toArray(): Item[];
  clear(): void;
  push(item: Item): number;
}

/**
 * Takes note of when a command was issued, in `performance.now()`'s milliseconds.
 *
 * @param isSent as a rule it is answered, and nobody asks for its time: a rough one will do. Where it can be lost, that is put right
 */
export function issue(command: Command, stream: Stamped | undefined, isSent: boolean): void {
  // A command that a cluster sends once more keeps its time.
  command[SINCE] ??= isSent ? roughNow() : performance.now();
  if (stream) stream[SINCE] ??= command[SINCE];
}

/** The time of a pipeline is that of its first command: it is sent as a whole or not at all. */
export function sinceOf({ command, stream }: Item): number | undefined {
  return (stream ?? command)[SINCE];
}

/** Since when each has waited. What is between MULTI and EXEC must not be sent without its MULTI. */
export function startsOf(items: readonly Item[]): (number | undefined)[] {
  let transaction: number | undefined;
  return items.map((item) => {
    const name = item.stream ? '' : item.command.name;
    if (name === 'multi') transaction = sinceOf(item);
    const start = transaction ?? sinceOf(item);
    if (name === 'exec' || name === 'discard') transaction = undefined;
    return start;
  });
}
