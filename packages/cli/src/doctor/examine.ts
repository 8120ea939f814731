import { promises as dns, type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import {
  type Hardening,
  type HardeningState,
  harden,
  inspect,
  probe,
  type TcpOptions,
  type Verdict,
} from '@lifeguard/tcp';
import { formatTarget, type Target } from './target.js';

/** What was found when a server was connected to. What could not be found out any more is `null`. */
export interface TargetReport {
  /** Scheme, host and port, and nothing else of the URL. */
  readonly target: string;
  /** All that the host's name stands for. */
  readonly addresses: readonly string[];
  /** The address and port that the connection is to. */
  readonly peer: string | null;
  /** TLS included. */
  readonly connectMillis: number | null;
  /** `null` too where TLS is not spoken from the first byte on. */
  readonly tls: TlsReport | null;
  readonly hardening: HardeningState | null;
  /** Read back from the kernel. What can't be read is left out. */
  readonly options: Readonly<Partial<TcpOptions>>;
  /** The kernel's smoothed round-trip time (TCP_INFO). */
  readonly rttMicros: number | null;
  /** Whether the peer's kernel has answered one keepalive probe. */
  readonly probe: Verdict | null;
  /** What is wrong, in sentences. */
  readonly problems: readonly string[];
}

/** What a server says once TLS stands. */
export interface TlsReport {
  readonly protocol: string | null;
  /** Why Node.js would not trust the certificate; `null` if it would. Nothing is sent, so doctor connects in either case. */
  readonly untrusted: string | null;
}

const LOOKUP_MILLIS = 5_000;
const CONNECT_MILLIS = 5_000;

type Found = { -readonly [K in keyof TargetReport]: TargetReport[K] } & { problems: string[] };

/** Resolves, connects, hardens, reads back, probes, and hangs up. Sends nothing but what TCP and TLS send. Never rejects. */
export async function examine(target: Target): Promise<TargetReport> {
  const found: Found = {
    target: formatTarget(target),
    addresses: [],
    peer: null,
    connectMillis: null,
    tls: null,
    hardening: null,
    options: {},
    rttMicros: null,
    probe: null,
    problems: [],
  };
  try {
    const addresses = await resolve(target.host);
    found.addresses = addresses.map(({ address }) => address);
    await examineSocket(target, addresses, found);
  } catch (error) {
    found.problems.push(describe(error));
  }
  return found;
}

async function resolve(host: string): Promise<LookupAddress[]> {
  const late = new AbortController();
  const timeout = setTimeout(() => late.abort(), LOOKUP_MILLIS);
  try {
    return await Promise.race([
      dns.lookup(host, { all: true }),
      once(late.signal, 'abort').then(() => {
        throw new Error(`the name ${host} was not resolved within ${LOOKUP_MILLIS / 1000} s`);
      }),
    ]);
  } finally {
    clearTimeout(timeout);
  }
}

async function examineSocket(target: Target, addresses: readonly LookupAddress[], found: Found): Promise<void> {
  const startedAt = performance.now();
  const socket = open(target, addresses);
  try {
    const hardening = harden(socket);
    await connected(socket, target);
    found.connectMillis = Math.round(performance.now() - startedAt);
    found.tls = describeTls(socket);
    readBack(socket, hardening, found);
    found.probe = await probe(socket, { anew: true });
    if (found.probe === 'dead') found.problems.push('the peer has closed the connection again');
    if (found.probe === 'suspect') found.problems.push('the peer’s kernel does not answer keepalive probes');
  } finally {
    socket.destroy();
  }
}

function open({ host, port, tls: speaksTls }: Target, addresses: readonly LookupAddress[]): net.Socket {
  const options: net.TcpNetConnectOpts = {
    host,
    port,
    lookup: (_host, { all }, callback) => {
      const [{ address, family } = { address: host, family: 0 }] = addresses;
      if (all) callback(null, [...addresses]);
      else callback(null, address, family);
    },
    // Each address has its share of the time; by default the first ones have a quarter of a second.
    autoSelectFamilyAttemptTimeout: Math.floor(CONNECT_MILLIS / addresses.length),
  };
  if (!speaksTls) return net.connect(options);
  return tls.connect({
    ...options,
    rejectUnauthorized: false,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
  });
}

async function connected(socket: net.Socket, { tls: speaksTls }: Target): Promise<void> {
  const signal = AbortSignal.timeout(CONNECT_MILLIS);
  // Also when nobody waits any more: an error is seen by the probe, and must not end the process.
  socket.on('error', () => {});
  try {
    await once(socket, speaksTls ? 'secureConnect' : 'connect', { signal });
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${CONNECT_MILLIS / 1000} s`) : error;
  }
}

function describeTls(socket: net.Socket): TlsReport | null {
  if (!(socket instanceof tls.TLSSocket)) return null;
  const { authorized, authorizationError } = socket;
  return { protocol: socket.getProtocol(), untrusted: authorized ? null : String(authorizationError) };
}

function readBack(socket: net.Socket, { state, refused }: Hardening, found: Found): void {
  const report = inspect(socket);
  found.peer = report?.peer ?? `${socket.remoteAddress}:${socket.remotePort}`;
  found.hardening = state;
  found.options = report?.options ?? {};
  found.rttMicros = report?.info?.rttMicros ?? null;
  if (state === 'disabled') found.problems.push('not hardened: LIFEGUARD_ENABLED is off');
  for (const { option, reason } of refused) found.problems.push(`not hardened: ${option}: ${reason}`);
}

/** Where several addresses were tried, Node.js gives an error without words, and one for each in it. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
