/** A socket as the kernel had it at one moment. */
export interface SocketSample {
  /** Each connect of a process has its own. */
  readonly id: number;
  /** The peer has not answered the SYN yet. */
  readonly connecting: boolean;
  /** Retransmissions in a row without an answer. */
  readonly retransmits: number;
  /** Keepalive or window probes in a row without an answer. */
  readonly probes: number;
  /** Segments sent and not acknowledged. */
  readonly unacked: number;
}

/** All client sockets of a process, at that time by `now()`. */
export interface SocketsSample {
  readonly at: number;
  readonly sockets: readonly SocketSample[];
}

/** From that time on, by `now()`. */
export interface ConnectionState extends Omit<SocketSample, 'id'> {
  readonly at: number;
}

/** What the kernel told of one connection. Times are by `now()`, and those of samples. */
export interface Connection {
  readonly id: number;
  /** Only where something changed; the first is when it was first seen. */
  readonly states: readonly ConnectionState[];
  /** When it was last seen. */
  readonly seenAt: number;
  /** It was gone when its process was next looked at. */
  readonly closed: boolean;
}

interface Entry {
  readonly id: number;
  readonly states: ConnectionState[];
  seenAt: number;
  closed: boolean;
}

/** Makes of the samples of a process the story of each of its connections. */
export class ConnectionLog {
  readonly #all: Entry[] = [];
  #open = new Map<number, Entry>();

  note({ at, sockets }: SocketsSample): void {
    const open = new Map<number, Entry>();
    for (const socket of sockets) open.set(socket.id, this.#noteSocket(at, socket));
    for (const [id, entry] of this.#open) entry.closed = !open.has(id);
    this.#open = open;
  }

  /** As they are known now, in the order in which they were first seen. */
  snapshot(): Connection[] {
    return this.#all.map((entry) => ({ ...entry, states: [...entry.states] }));
  }

  #noteSocket(at: number, { id, ...sample }: SocketSample): Entry {
    const entry = this.#open.get(id) ?? this.#add(id);
    entry.seenAt = at;
    if (!sameState(entry.states.at(-1), sample)) entry.states.push({ at, ...sample });
    return entry;
  }

  #add(id: number): Entry {
    const entry: Entry = { id, states: [], seenAt: 0, closed: false };
    this.#all.push(entry);
    return entry;
  }
}

function sameState(before: ConnectionState | undefined, now: Omit<ConnectionState, 'at'>): boolean {
  return (
    before !== undefined &&
    before.connecting === now.connecting &&
    before.retransmits === now.retransmits &&
    before.probes === now.probes &&
    before.unacked === now.unacked
  );
}

/** Its state at a moment; `undefined` if it was not there then. */
export function stateAt({ states, seenAt, closed }: Connection, moment: number): ConnectionState | undefined {
  if (closed && moment > seenAt) return undefined;
  return states.findLast(({ at }) => at <= moment);
}
