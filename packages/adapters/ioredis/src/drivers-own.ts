import { type Command, type Item, type Queue, SINCE, sinceOf } from './commands.js';

/** In place of a time: the driver has issued it by itself, to make a connection what the last one was. It must not be left out. */
const NOBODYS = Number.POSITIVE_INFINITY;
/** What it issues, and then doesn't look after. */
const RESTORING: ReadonlySet<string> = new Set(['select', 'subscribe', 'psubscribe', 'ssubscribe']);

/** Marks a command that the driver issues to restore a connection. Its error would be nobody's, and end the process. */
export function disown(command: Command): void {
  if (!RESTORING.has(command.name)) return;
  command[SINCE] ??= NOBODYS;
  if (command[SINCE] === NOBODYS) command.promise.catch(() => {});
}

/** Whether nobody waits for it. */
export function isDriversOwn(item: Item): boolean {
  return sinceOf(item) === NOBODYS;
}

/** Who subscribes again and fails has lost the subscription, and is not told. So that waits for a connection to the end. */
export function withoutDriversOwn(queues: readonly (Queue | undefined)[], work: () => void): void {
  const kept = queues.map((queue) => queue?.toArray().filter(isDriversOwn) ?? []);
  for (const [index, queue] of queues.entries()) if (kept[index]?.length) retain(queue, (item) => !isDriversOwn(item));
  work();
  for (const [index, queue] of queues.entries()) for (const item of kept[index] ?? []) queue?.push(item);
}

function retain(queue: Queue | undefined, isToStay: (item: Item) => boolean): void {
  const items = queue?.toArray() ?? [];
  queue?.clear();
  for (const item of items.filter(isToStay)) queue?.push(item);
}
