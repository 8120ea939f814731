import { setTimeout as delay } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { clientSockets } from './client-socket.js';
import { NoProcessError, WatchError } from './errors.js';
import { ProcessFiles } from './process-files.js';
import { formatSnapshot, type Snapshot } from './screen.js';
import { listSockets } from './ss.js';

/**
 * The client connections of a process now. The process is not touched: all is asked of the kernel.
 *
 * @param signal ends the wait for the kernel's answer
 * @throws {NoProcessError} if there is no such process
 * @throws {WatchError} if it can't be watched, and the message says what to do; or the signal aborts
 */
export async function takeSnapshot(pid: number, signal?: AbortSignal): Promise<Snapshot> {
  if (process.platform !== 'linux') {
    throw new WatchError(
      `watch asks the kernel through /proc and ss, which Linux alone has, and this is ${process.platform}`,
    );
  }
  const target = new ProcessFiles(pid);
  const name = target.name();
  // First the sockets: what is closed in between is missed, and not taken for another's that has its inode by now.
  const own = target.sockets();
  const lines = await listSockets(target, signal);
  return { pid, name, at: new Date().toISOString(), sockets: clientSockets(lines, own) };
}

export interface WatchOptions {
  readonly pid: number;
  readonly intervalMillis: number;
  readonly stream: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * Shows the connections again and again, on a terminal in one place, until the process has ended.
 *
 * @throws as `takeSnapshot` does, if the first can't be taken
 * @throws the signal's reason when it aborts
 */
export async function watch({ pid, intervalMillis, stream, signal }: WatchOptions): Promise<void> {
  const show = createScreen(stream);
  try {
    let snapshot: Snapshot | undefined = await takeSnapshot(pid, signal);
    while (snapshot) {
      show.update(snapshot);
      await delay(intervalMillis, undefined, { signal });
      snapshot = await next(pid, signal);
    }
  } catch (error) {
    // Ctrl-C on a terminal ends `ss` too.
    throw signal.aborted ? signal.reason : error;
  } finally {
    show.done();
  }
  stream.write(`process ${pid} has ended\n`);
}

async function next(pid: number, signal: AbortSignal): Promise<Snapshot | undefined> {
  try {
    return await takeSnapshot(pid, signal);
  } catch (error) {
    if (error instanceof NoProcessError) return undefined;
    throw error;
  }
}

interface Screen {
  update(snapshot: Snapshot): void;
  done(): void;
}

function createScreen(stream: NodeJS.WriteStream): Screen {
  // Some terminals, of the kind that programs make, don't know how wide they are.
  if (!stream.isTTY || !(stream.columns > 0)) {
    return {
      update: (snapshot) => stream.write(`${formatSnapshot(snapshot)}\n`),
      done: () => {},
    };
  }
  const log = createLogUpdate(stream);
  return {
    update: (snapshot) =>
      log(formatSnapshot(snapshot, { colours: stream.hasColors(), rows: stream.rows, columns: stream.columns })),
    done: () => log.done(),
  };
}
