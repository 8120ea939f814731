import type { TcpState, Verdict } from '@lifeguard/tcp';
import type { ProcessSockets } from './process-files.js';
import type { SocketTimer, SsLine } from './ss-line.js';

/** A connection that the process has made, as the kernel has it now. */
export interface ClientSocket {
  readonly peer: string;
  readonly local: string;
  /** The name of the pool that it belongs to; `null` if it is none of Lifeguard's. */
  readonly pool: string | null;
  readonly state: TcpState;
  /** What that says of the peer, by the rules of `verdict` in @lifeguard/tcp. */
  readonly verdict: Verdict;
  /** Since data were last sent. */
  readonly lastDataSentMillis: number;
  /** Since data were last received. */
  readonly lastDataReceivedMillis: number;
  /** Since the peer's last sign of life: data, or the answer to a keepalive probe. */
  readonly silentMillis: number;
  /** Segments sent and not acknowledged. */
  readonly unacked: number;
  readonly sendQueueBytes: number;
  readonly receiveQueueBytes: number;
  /** In a row, without an answer. */
  readonly retransmits: number;
  /** Since the connection was opened. */
  readonly totalRetransmits: number;
  /** Keepalive or window probes in a row, without an answer. */
  readonly probes: number;
  /** The kernel's next look at the connection; `null`: it won't look. */
  readonly timer: { readonly name: SocketTimer['name']; readonly millis: number } | null;
  /** `null`: not to be seen from outside while another timer is set. */
  readonly keepAlive: boolean | null;
  /** Smoothed. `null`: not known yet. */
  readonly rttMillis: number | null;
}

/**
 * The client sockets among them, those in trouble first.
 *
 * A socket that was accepted has the port of a listener, and its address if the listener has one. Of any process: the sockets of a
 * cluster's workers come from a listener that is their primary's. No connect is given such a place, so no client socket is left
 * out for it.
 *
 * @param own the sockets of the process
 */
export function clientSockets(lines: readonly SsLine[], own: ProcessSockets): ClientSocket[] {
  const listening = new Set(lines.filter(({ state }) => state === 'LISTEN').map(({ local }) => local));
  const wasAccepted = (local: string) =>
    listening.has(local) || ANY_ADDRESS.some((any) => listening.has(`${any}:${portOf(local)}`));
  return lines
    .filter(({ inode, local }) => own.inodes.has(inode) && !wasAccepted(local))
    .flatMap(({ state, ...line }) =>
      state === undefined ? [] : [toClientSocket({ ...line, state }, own.pools.get(line.inode))],
    )
    .sort(byTrouble);
}

/** As `ss` writes it: of both families, of IPv4, of IPv6. */
const ANY_ADDRESS = ['*', '0.0.0.0', '[::]'] as const;

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

function toClientSocket(line: SsLine & { readonly state: TcpState }, pool: string | undefined): ClientSocket {
  const { timer, state, unacked } = line;
  const retransmits = timer?.name === 'on' ? timer.unanswered : 0;
  const probes = timer?.name === 'keepalive' || timer?.name === 'persist' ? timer.unanswered : 0;
  return {
    peer: line.peer,
    local: line.local,
    pool: pool ?? null,
    state,
    verdict: judge(state, probes, unacked > 0 ? retransmits : 0),
    lastDataSentMillis: line.lastDataSentMillis,
    lastDataReceivedMillis: line.lastDataReceivedMillis,
    silentMillis: Math.min(line.lastAckReceivedMillis, line.lastDataReceivedMillis),
    unacked,
    sendQueueBytes: line.sendQueueBytes,
    receiveQueueBytes: line.receiveQueueBytes,
    retransmits,
    totalRetransmits: line.totalRetransmits,
    probes,
    timer: timer ? { name: timer.name, millis: timer.millis } : null,
    keepAlive: timer === undefined ? false : timer.name === 'keepalive' ? true : null,
    rttMillis: line.rttMillis ?? null,
  };
}

/** One lost packet is nothing. */
const UNANSWERED_IN_A_ROW = 2;

function judge(state: TcpState, probes: number, retransmits: number): Verdict {
  if (state === 'SYN_SENT' || state === 'SYN_RECEIVED') return 'unknown';
  if (state !== 'ESTABLISHED') return 'dead';
  return Math.max(probes, retransmits) >= UNANSWERED_IN_A_ROW ? 'suspect' : 'alive';
}

const RANKS: Readonly<Record<Verdict, number>> = { suspect: 0, dead: 1, unknown: 2, alive: 3 };

function byTrouble(a: ClientSocket, b: ClientSocket): number {
  return (
    RANKS[a.verdict] - RANKS[b.verdict] ||
    b.probes + b.retransmits - (a.probes + a.retransmits) ||
    b.silentMillis - a.silentMillis
  );
}
