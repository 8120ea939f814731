import type { TcpState } from '../tcp-info.js';

export const SOL_SOCKET = 0xffff;
export const SO_KEEPALIVE = 8;
export const IPPROTO_TCP = 6;

/** The states as 4.4BSD numbers them (netinet/tcp_fsm.h), which macOS and FreeBSD do still. */
export const BSD_STATES: readonly TcpState[] = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'CLOSING',
  'LAST_ACK',
  'FIN_WAIT_2',
  'TIME_WAIT',
];
