import type { TcpState } from '@lifeguard/tcp';

/** The timer of a connection that is set, as `ss --options` tells it. */
export interface SocketTimer {
  /** `on`: retransmission. `persist`: asks a peer whose window is closed. */
  readonly name: 'on' | 'keepalive' | 'timewait' | 'persist' | 'unknown';
  readonly millis: number;
  /** Of `on`, retransmissions; of the others, probes; in a row, without an answer. */
  readonly unanswered: number;
}

/** One TCP socket, as a line of `ss` tells it. What is 0 `ss` leaves out. */
export interface SsLine {
  readonly inode: string;
  /** `undefined`: it listens to nobody and is connected to nobody. */
  readonly state: TcpState | undefined;
  /** Address and port, as `10.0.0.1:5432` or `[::1]:5432`. */
  readonly local: string;
  readonly peer: string;
  /** `undefined`: none is set. */
  readonly timer: SocketTimer | undefined;
  readonly lastDataSentMillis: number;
  readonly lastDataReceivedMillis: number;
  readonly lastAckReceivedMillis: number;
  /** Segments sent and not acknowledged. */
  readonly unacked: number;
  /** Since the connection was opened. */
  readonly totalRetransmits: number;
  /** Bytes that the program has not read yet. */
  readonly receiveQueueBytes: number;
  /** Bytes that are not acknowledged, sent or not. */
  readonly sendQueueBytes: number;
  readonly rttMillis: number | undefined;
}

const STATES: ReadonlyMap<string, TcpState> = new Map([
  ['LISTEN', 'LISTEN'],
  ['SYN-SENT', 'SYN_SENT'],
  ['SYN-RECV', 'SYN_RECEIVED'],
  ['ESTAB', 'ESTABLISHED'],
  ['FIN-WAIT-1', 'FIN_WAIT_1'],
  ['FIN-WAIT-2', 'FIN_WAIT_2'],
  ['CLOSE-WAIT', 'CLOSE_WAIT'],
  ['CLOSING', 'CLOSING'],
  ['LAST-ACK', 'LAST_ACK'],
  ['TIME-WAIT', 'TIME_WAIT'],
]);

/** Reads a line of `ss --tcp --numeric --options --extended --info --oneline --no-header`. */
export function parseSsLine(line: string): SsLine {
  const [state = '', received = '', sent = '', local = '', peer = ''] = line.trim().split(/\s+/);
  const number = (name: string) => Number(field(line, name, /\d+/) ?? 0);
  const rtt = field(line, 'rtt', /[\d.]+/);
  return {
    inode: field(line, 'ino', /\d+/) ?? '0',
    state: STATES.get(state),
    local: withoutMapping(local),
    peer: withoutMapping(peer),
    timer: parseTimer(line),
    lastDataSentMillis: number('lastsnd'),
    lastDataReceivedMillis: number('lastrcv'),
    lastAckReceivedMillis: number('lastack'),
    unacked: number('unacked'),
    totalRetransmits: Number(/ retrans:\d+\/(\d+)/.exec(line)?.[1] ?? 0),
    receiveQueueBytes: Number(received),
    sendQueueBytes: Number(sent),
    rttMillis: rtt === undefined ? undefined : Number(rtt),
  };
}

function field(line: string, name: string, value: RegExp): string | undefined {
  return new RegExp(` ${name}:(${value.source})`).exec(line)?.[1];
}

/** IPv4 on an IPv6 socket is IPv4. */
function withoutMapping(address: string): string {
  return address.replace(/^\[::ffff:([\d.]+)\]/, '$1');
}

function parseTimer(line: string): SocketTimer | undefined {
  const [, name, time = '', unanswered] = / timer:\((\w+),([^,]*),(\d+)\)/.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { name: name as SocketTimer['name'], millis: parseTime(time), unanswered: Number(unanswered) };
}

/** `533min`, `1min59sec`, `12sec`, `204ms`, and `4.500ms`, by which 4.5 s are meant (iproute2, misc/ss.c, print_ms_timer). */
function parseTime(text: string): number {
  const [, minutes = 0, seconds = 0, millis = 0] = /^(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?$/.exec(text) ?? [];
  return (Number(minutes) * 60 + Number(seconds)) * 1000 + Number(millis);
}
