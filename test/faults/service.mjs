// What the services of the matrix have in common: see `service.ts` for what they are asked to do.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect, onClientSocket } from '@lifeguard/tcp';

export const config = JSON.parse(process.argv[2]);
export const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

// Until `disconnect`, for what is awaited may come from nowhere else.
process.channel.ref();

const sockets = new Set();
onClientSocket((socket) => sockets.add(socket));

/** Those that were hardened and are open. */
export function hardenedSockets() {
  return [...sockets].filter((socket) => inspect(socket)?.options.userTimeoutMillis > 0);
}

/**
 * Resolves once no more and no fewer of them are open: a connect too many, which a busy machine has had begun, is given up when it
 * succeeds. At the latest after the patience that was configured.
 */
export async function untilOpen(expected) {
  const patience = AbortSignal.timeout(config.patienceMillis);
  while (hardenedSockets().length !== expected && !patience.aborted) await delay(5);
}

export function hardenedOptions() {
  return hardenedSockets().map((socket) => inspect(socket).options);
}

/** What became of a call, at most after the patience that was configured; and how long that took. */
export async function timed(work) {
  const start = performance.now();
  const told = await Promise.race([work(), delay(config.patienceMillis, 'still waiting', { ref: false })]);
  return { told, tookMillis: performance.now() - start };
}

/**
 * For how long this thread has been ready to run, and had no processor. The second number of the file, which is in nanoseconds:
 * https://docs.kernel.org/scheduler/sched-stats.html
 */
export function starvedMillis() {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
}

/** The clock that all processes of the machine have in common: CLOCK_MONOTONIC. */
export function monotonicMillis() {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function outcome(promise) {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    return describe(error);
  }
}

export function describe({ code, name, message, cause }) {
  return { code, name, message, ...(cause && { cause: describe(cause) }) };
}

/** Resolves once the kernel has nothing under way: then the server has what it was sent. */
export async function allAcknowledged() {
  // At least one turn of the event loop, for what a driver has not handed to the kernel yet.
  do await delay(5);
  while ([...sockets].some((socket) => inspect(socket)?.info?.unacked > 0));
}

/** The sockets to these ports that the kernel still has, less those that only wait out stray packets (TIME_WAIT). */
export async function socketsLeft(ports) {
  const suffixes = ports.map((port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`);
  const left = () =>
    ['/proc/self/net/tcp', '/proc/self/net/tcp6']
      .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote, state]) => suffixes.some((suffix) => remote.endsWith(suffix)) && state !== '06');
  // What was closed in order has a FIN on its way, which the kernel may have to repeat.
  for (let tries = 0; tries < 80 && left().length > 0; tries += 1) await delay(50);
  return left().length;
}

/** Resolves at a client's next event of this name, whatever errors come before it. */
export function heard(client, event) {
  return new Promise((resolve) => client.once(event, resolve));
}

export async function hear(word) {
  const [message] = await once(process, 'message');
  if (message !== word) throw new Error(`expected ${word}, heard ${message}`);
}

export function tell(message) {
  return new Promise((resolve, reject) => {
    process.send(message, (error) => (error ? reject(error) : resolve()));
  });
}
