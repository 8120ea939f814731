import type { TcpOptions } from '../options.js';
import type { TcpInfo, TcpState } from '../tcp-info.js';
import { darwin } from './darwin.js';
import { freebsd } from './freebsd.js';
import { linux } from './linux.js';
import { win32 } from './win32.js';

/** One socket option of a kernel: an `int`, read and set with getsockopt and setsockopt. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
  /** What the kernel's headers call it. */
  readonly symbol: string;
  /** What the kernel's `int` counts. */
  readonly unit: 'flag' | 'count' | 'seconds' | 'milliseconds';
  /** The kernel has no value for "its own default": 0 is not set at all. */
  readonly zeroIsUnset?: true;
}

/** Where one number stands in the structure that TCP_INFO fills, in the kernel's byte order. */
export interface InfoField {
  readonly offset: number;
  readonly bytes: 1 | 4 | 8;
  /** What the kernel's number is multiplied by to get the unit that the field's name in `TcpInfo` tells; 1 if left out. */
  readonly scale?: number;
}

export type InfoFieldName = Exclude<keyof TcpInfo, 'state'>;

/** TCP_INFO, or what the kernel has for it. The state is the first byte everywhere. */
export interface InfoLayout {
  readonly level: number;
  readonly name: number;
  /** Room for everything this layout reads. */
  readonly size: number;
  /** States by the kernel's number; a number without a name is `undefined`. */
  readonly states: readonly (TcpState | undefined)[];
  readonly fields: Readonly<Partial<Record<InfoFieldName, InfoField>>>;
}

/** What must be known of an operating system to harden and to inspect a socket. */
export interface Platform {
  readonly name: NodeJS.Platform;
  /** Whether all of it has been run on this platform; otherwise it was read in the kernel's headers. */
  readonly verified: boolean;
  readonly options: Readonly<Record<keyof TcpOptions, SocketOption>>;
  /** The longest time between two retransmissions, and the least that can be set, where there is such an option. */
  readonly longestRto?: { readonly option: SocketOption; readonly leastMillis: number };
  /** `undefined` where TCP_INFO can't be had with getsockopt. */
  readonly info: InfoLayout | undefined;
}

/** Whether TCP_INFO tells when the peer's kernel has answered a keepalive probe. */
export function canProbe({ info }: Platform): boolean {
  return info?.fields.lastAckReceivedMillis !== undefined;
}

const platforms: Readonly<Partial<Record<NodeJS.Platform, Platform>>> = {
  linux,
  android: linux,
  darwin,
  freebsd,
  win32,
};

/** The platform of this process, or of a name as in `process.platform`; `undefined` if nothing is known of it. */
export function findPlatform(name: NodeJS.Platform = process.platform): Platform | undefined {
  return platforms[name];
}
