import type { Socket } from 'node:net';
import type { Arrival } from './attempt.js';
import type { EvictReason } from './classify.js';
import { clockMillis } from './clock.js';
import { Link } from './list.js';
import type { Watch } from './watch.js';

/** Why a connection must not be lent again. */
export interface Failure {
  readonly reason: EvictReason;
  readonly error?: unknown;
}

/**
 * Where a connection is.
 *
 * - `arriving`: it is open, and on its way from the connector to the desk
 * - `idle`: on the shelf
 * - `lent`: a borrower has it
 * - `quarantined`: set aside until its peer has given a sign
 * - `checking`: neither, for as long as `validate` or `reset` runs
 * - `gone`: it has left the pool, and is being closed or has been
 */
export type Place = 'arriving' | 'idle' | 'lent' | 'quarantined' | 'checking' | 'gone';

/**
 * What the pool knows of one connection. What a loan needs stands first: of ten thousand connections none is in the
 * processor's nearest memory, and what lies side by side is fetched at once.
 */
export class Connection<T> extends Link<Connection<T>> {
  readonly resource: T;
  /** Where it is found by its resource. See `Roster`, which keeps this. */
  roster: object | undefined = undefined;
  /** Of the resource; made once, so that lending it allocates nothing. */
  readonly promise: Promise<T>;
  place: Place = 'arriving';
  /** When it came to its place, as `clockMillis()`. */
  movedAt = clockMillis();
  uses = 0;
  /** Why it is not to be lent again. Once set it stays. */
  failure: Failure | undefined = undefined;
  /** Its peer has to give a sign before it is lent again. See `Peers`, which keeps this. */
  doubted = false;
  /** Runs out when the connection has been lent for suspiciously long. */
  leakTimer: NodeJS.Timeout | undefined = undefined;
  readonly watch: Watch;
  /** Since when it has been doubted, as `performance.now()`. */
  doubtedAt = 0;
  /** The kernel has seen its peer leave something unanswered, and no sign of it since; as the events have told. */
  suspect = false;
  readonly createdAt = this.movedAt;
  /** When its lifetime ends, `Infinity` if never. */
  readonly expiresAt: number;
  /** Remote address and port, as they were on arrival; a closed socket has forgotten them. */
  readonly peer: string | undefined;

  constructor({ resource, watch }: Arrival<T>, lifetimeMillis: number) {
    super();
    this.resource = resource;
    this.promise = Promise.resolve(resource);
    this.watch = watch;
    this.expiresAt = this.createdAt + lifetimeMillis;
    this.peer = findPeer(watch.sockets);
  }
}

function findPeer(sockets: ReadonlySet<Socket>): string | undefined {
  for (const { remoteAddress, remotePort } of sockets) {
    if (remoteAddress === undefined) continue;
    return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
  }
  return undefined;
}
