import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Client, type ClientOptions } from './client.js';
import { type Driver, type ServerKind, versionOf } from './drivers.js';
import { clientSocketsOf, type ForeignSocket, type SocketOptions } from './foreign-sockets.js';
import type { Profile } from './profile.js';
import type { Stage } from './stage.js';

/** Programs that start at the same time; some drivers give up a connect that a busy machine makes slow. */
const STARTING = 3;
const LOOK_EVERY_MILLIS = 100;
const LOOK_FOR_MILLIS = 5000;

/** What a silent drop brought the callers of one program. */
export interface DropOutcome {
  /** From the cut to the last caller's error; `null` if there was none within three times the limit. */
  readonly errorAfterSeconds: number | null;
  /** Whether that is by when the kernel gives up on a silent peer. */
  readonly isInTime: boolean;
  /** What the callers were told. */
  readonly errors: readonly string[];
}

/** A row of the table. */
export interface DriverOutcome {
  readonly driver: string;
  readonly version: string;
  readonly server: ServerKind;
  /** Client sockets that the process had. */
  readonly sockets: number;
  /** Those of them that had all five options, or keepalive that is stricter still. */
  readonly hardened: number;
  /** The options of those that had not exactly the five that were asked for. */
  readonly others: readonly SocketOptions[];
  /** `null` with a listener, which answers nothing. */
  readonly silentDrop: DropOutcome | null;
  /** Why there was nothing to see. */
  readonly problem?: string;
}

export interface RunOptions extends ClientOptions {
  readonly nodeVersion: string;
  readonly drivers: readonly Driver[];
  readonly say: (text: string) => void;
}

/** Starts the drivers' programs, looks at their sockets, then cuts the cable under all that have a real server. */
export async function runDrivers(stage: Stage, options: RunOptions): Promise<DriverOutcome[]> {
  const { drivers, profile, nodeVersion, say } = options;
  const looks = await mapLimited(drivers, STARTING, (driver) => openAndLook(stage, driver, options));
  const clients = looks.flatMap(({ client }) => (client ? [client] : []));
  say(`the cable is cut under ${clients.length} programs`);
  const drops = await cutUnder(stage, clients, profile);
  return looks.map(({ driver, sockets, problem }) => {
    const hardened = sockets.filter((socket) => isHardened(socket, profile));
    return {
      driver: driver.name,
      version: driver.isBuiltIn ? nodeVersion.replace('v', '') : versionOf(driver),
      server: driver.server,
      sockets: sockets.length,
      hardened: hardened.length,
      others: sockets.map((socket) => socket.options).filter((each) => !isDeepStrictEqual(each, profile.expected)),
      silentDrop: drops.get(driver) ?? null,
      ...(problem !== undefined && { problem }),
    };
  });
}

/** Whether all is as it should be. */
export function isGood({ sockets, hardened, server, silentDrop }: DriverOutcome): boolean {
  const isTold = server === 'listener' || silentDrop?.isInTime === true;
  return sockets > 0 && hardened === sockets && isTold;
}

interface Look {
  readonly driver: Driver;
  readonly sockets: readonly ForeignSocket[];
  /** Still running, if its server is a real one. */
  readonly client?: Client;
  readonly problem?: string;
}

async function openAndLook(stage: Stage, driver: Driver, options: RunOptions): Promise<Look> {
  options.say(driver.name);
  const client = await Client.start(stage.app, driver, stage.servers, options);
  try {
    await client.opened();
    const sockets = await settledSockets(client.pid, options.profile);
    if (driver.server !== 'listener') return { driver, sockets, client };
    await client.end();
    return { driver, sockets };
  } catch (error) {
    await client.end();
    return { driver, sockets: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * What a process has when two looks in a row show the same, all of it hardened; else what it has when the time is up: a socket
 * that is connected for the kernel may not be so for the program yet.
 */
async function settledSockets(pid: number, profile: Profile): Promise<ForeignSocket[]> {
  const deadline = performance.now() + LOOK_FOR_MILLIS;
  for (let before: ForeignSocket[] = []; ; await delay(LOOK_EVERY_MILLIS)) {
    const now = clientSocketsOf(pid);
    const isSettled =
      now.length > 0 && isDeepStrictEqual(now, before) && now.every((each) => isHardened(each, profile));
    if (isSettled || performance.now() > deadline) return now;
    before = now;
  }
}

/** What a driver has set by itself and is stricter stays as it is. */
function isHardened({ options }: ForeignSocket, { expected }: Profile): boolean {
  const { keepAlive, idle, interval, count, userTimeout } = options;
  const isAtLeastAsStrict = idle <= expected.idle && interval <= expected.interval && count <= expected.count;
  return keepAlive === expected.keepAlive && isAtLeastAsStrict && userTimeout === expected.userTimeout;
}

async function cutUnder(
  stage: Stage,
  clients: readonly Client[],
  profile: Profile,
): Promise<ReadonlyMap<Driver, DropOutcome>> {
  const early = clients.find(({ failures }) => failures.length > 0);
  if (early) throw new Error(`${early.driver.name} failed before the cut: ${early.failures[0]?.error}`);
  const cable = stage.lab.cable('app', 'db');
  const cutAt = performance.now();
  await cable.cut();
  const drops = await Promise.all(
    clients.map(async (client) => {
      await client.failed(3 * profile.limitMillis);
      return [client.driver, outcomeOf(client, cutAt, profile)] as const;
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  await cable.heal();
  return new Map(drops);
}

function outcomeOf({ failures, unfailed }: Client, cutAt: number, { limitMillis }: Profile): DropOutcome {
  const tookMillis = unfailed > 0 ? undefined : Math.max(...failures.map(({ at }) => at)) - cutAt;
  return {
    errorAfterSeconds: tookMillis === undefined ? null : Math.round(tookMillis / 100) / 10,
    isInTime: tookMillis !== undefined && tookMillis <= limitMillis,
    errors: [...new Set(failures.map(({ error }) => error))],
  };
}

/** As many at a time. */
async function mapLimited<T, R>(items: readonly T[], limit: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [index, item] of entries) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
