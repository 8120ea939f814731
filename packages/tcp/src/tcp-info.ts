import type { InfoField, InfoLayout } from './platform/index.js';

/** The states of RFC 9293, by the names that it gives them. */
export type TcpState =
  | 'LISTEN'
  | 'SYN_SENT'
  | 'SYN_RECEIVED'
  | 'ESTABLISHED'
  | 'FIN_WAIT_1'
  | 'FIN_WAIT_2'
  | 'CLOSE_WAIT'
  | 'CLOSING'
  | 'LAST_ACK'
  | 'TIME_WAIT'
  | 'CLOSED';

/** What the kernel tells of a connection (TCP_INFO). A number that this kernel does not tell is `undefined`. */
export interface TcpInfo {
  readonly state: TcpState | undefined;
  /** Retransmissions of the oldest unacknowledged segment in a row, without an answer. */
  readonly retransmits: number | undefined;
  /** Keepalive or zero-window probes in a row, without an answer. */
  readonly probes: number | undefined;
  /** How many times the retransmission timeout has been doubled. */
  readonly backoff: number | undefined;
  /** Retransmission timeout. */
  readonly rtoMicros: number | undefined;
  /** Segments sent and not acknowledged. */
  readonly unacked: number | undefined;
  /** Segments taken for lost. */
  readonly lost: number | undefined;
  /** Since data were last sent. */
  readonly lastDataSentMillis: number | undefined;
  /** Since data were last received. */
  readonly lastDataReceivedMillis: number | undefined;
  /** Since the peer last acknowledged anything, keepalive probes included. */
  readonly lastAckReceivedMillis: number | undefined;
  /** Smoothed round-trip time. */
  readonly rttMicros: number | undefined;
  /** Round-trip time variation (RTTVAR of RFC 6298). */
  readonly rttVarMicros: number | undefined;
  /** Segments retransmitted since the connection was opened. */
  readonly totalRetransmits: number | undefined;
  /** Bytes that the application has written and the kernel has not sent yet. */
  readonly notSentBytes: number | undefined;
  /** Shortest round trip seen. */
  readonly minRttMicros: number | undefined;
  /** Send window that the peer offers; 0 from a peer that does not read. */
  readonly sendWindowBytes: number | undefined;
}

/** Decodes the first `length` bytes of `bytes`, which the kernel filled; fields beyond them are `undefined`. */
export function decodeTcpInfo(layout: InfoLayout, bytes: Uint8Array, length: number): TcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.byteLength));
  const read = (field: InfoField | undefined) => readField(view, field);
  const { fields } = layout;
  return {
    state: view.byteLength > 0 ? layout.states[view.getUint8(0)] : undefined,
    retransmits: read(fields.retransmits),
    probes: read(fields.probes),
    backoff: read(fields.backoff),
    rtoMicros: read(fields.rtoMicros),
    unacked: read(fields.unacked),
    lost: read(fields.lost),
    lastDataSentMillis: read(fields.lastDataSentMillis),
    lastDataReceivedMillis: read(fields.lastDataReceivedMillis),
    lastAckReceivedMillis: read(fields.lastAckReceivedMillis),
    rttMicros: read(fields.rttMicros),
    rttVarMicros: read(fields.rttVarMicros),
    totalRetransmits: read(fields.totalRetransmits),
    notSentBytes: read(fields.notSentBytes),
    minRttMicros: read(fields.minRttMicros),
    sendWindowBytes: read(fields.sendWindowBytes),
  };
}

function readField(view: DataView, field: InfoField | undefined): number | undefined {
  if (field === undefined || field.offset + field.bytes > view.byteLength) return undefined;
  const value = readInteger(view, field);
  return field.scale === undefined ? value : Math.round(value * field.scale);
}

function readInteger(view: DataView, { offset, bytes }: InfoField): number {
  const littleEndian = isLittleEndian();
  if (bytes === 1) return view.getUint8(offset);
  if (bytes === 4) return view.getUint32(offset, littleEndian);
  return Number(view.getBigUint64(offset, littleEndian));
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
