import { errnoName, type SocketCalls } from './ffi.js';
import { isResolved, type TcpOptions } from './options.js';
import type { Platform, SocketOption } from './platform/index.js';

/** One setsockopt. */
export interface OptionCall {
  readonly option: keyof TcpOptions;
  readonly level: number;
  readonly name: number;
  /** One C `int`. */
  readonly value: Int32Array;
}

/** In the order in which they are set: SO_KEEPALIVE last, so that the first keepalive timer is already the wanted one. */
export const TCP_OPTION_NAMES = [
  'keepAliveIdleMillis',
  'keepAliveIntervalMillis',
  'keepAliveCount',
  'userTimeoutMillis',
  'keepAlive',
] as const satisfies readonly (keyof TcpOptions)[];

const MILLIS_PER_SECOND = 1000;

const encoded = new WeakMap<Readonly<TcpOptions>, readonly OptionCall[]>();

/** The calls that tell this machine's kernel these options; made once for what `resolveTcpOptions` returned. */
export function encodeOptions(platform: Platform, options: Readonly<TcpOptions>): readonly OptionCall[] {
  if (!isResolved(options)) return encode(platform, options);
  const known = encoded.get(options) ?? encode(platform, options);
  encoded.set(options, known);
  return known;
}

function encode(platform: Platform, options: Readonly<TcpOptions>): OptionCall[] {
  return TCP_OPTION_NAMES.filter((option) => options[option] !== 0 || !platform.options[option].zeroIsUnset).map(
    (option) => {
      const target = platform.options[option];
      const { level, name } = target;
      return { option, level, name, value: Int32Array.of(encodeValue(target, options[option])) };
    },
  );
}

/** A kernel that counts in seconds gets the next whole second: a dead peer may be found later than asked, not a living one dropped earlier. */
export function encodeValue({ unit }: SocketOption, wanted: number | boolean): number {
  return unit === 'seconds' ? Math.ceil(Number(wanted) / MILLIS_PER_SECOND) : Number(wanted);
}

/** A kernel's `int` as the value of an option, in milliseconds or as a boolean. BSD kernels answer a flag with its bit. */
export function decodeValue({ unit }: SocketOption, value: number): number | boolean {
  if (unit === 'flag') return value !== 0;
  return unit === 'seconds' ? value * MILLIS_PER_SECOND : value;
}

/** What the kernel answers for one option, or the name of its error. */
export type OptionReading = { readonly value: number | boolean } | { readonly errno: string };

/** What the kernel writes to; read at once, so that one is enough. */
const value = new Int32Array(1);
const length = new Uint32Array(1);

/** Reads one option of a socket. */
export function readOption(calls: SocketCalls, fd: number, option: SocketOption): OptionReading {
  length[0] = value.byteLength;
  if (calls.getsockopt(fd, option.level, option.name, value, length) !== 0) return { errno: errnoName(calls.errno()) };
  return { value: decodeValue(option, value[0] ?? 0) };
}

/** Sets one option of a socket; the name of the error if the kernel refuses. */
export function setOption(calls: SocketCalls, fd: number, { level, name, value }: OptionCall): string | undefined {
  if (calls.setsockopt(fd, level, name, value, value.byteLength) === 0) return undefined;
  return errnoName(calls.errno());
}

/** The options of a socket as the kernel has them now; one that it does not answer for is left out. */
export function readOptions(calls: SocketCalls, fd: number, platform: Platform): Partial<TcpOptions> {
  const readings = TCP_OPTION_NAMES.flatMap((option) => {
    const reading = readOption(calls, fd, platform.options[option]);
    return 'value' in reading ? [[option, reading.value] as const] : [];
  });
  return Object.fromEntries(readings) as Partial<TcpOptions>;
}
