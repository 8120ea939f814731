import { release } from 'node:os';
import { loadFfi } from './ffi.js';
import { nodeTakesInterval } from './node-keepalive.js';
import { canProbe, findPlatform } from './platform/index.js';

/** One thing that can be done here or not. */
export interface Capability {
  readonly ok: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** What this process can do, on this platform, with this Node.js, with or without koffi. */
export interface Capabilities {
  readonly platform: NodeJS.Platform;
  /** Version of Node.js. */
  readonly node: string;
  /** Whether it has been run on this platform; otherwise it was written by the kernel's headers alone. */
  readonly verified: boolean;
  readonly supported: {
    readonly keepAlive: Capability;
    readonly keepAliveIdle: Capability;
    readonly keepAliveInterval: Capability;
    readonly keepAliveCount: Capability;
    readonly userTimeout: Capability;
    /** `inspect` and `verdict`. */
    readonly tcpInfo: Capability;
    /** `probe`. */
    readonly probe: Capability;
  };
}

const OK: Capability = { ok: true };

/** Says what can be done, and why not. Loads koffi; opens no socket. */
export function capabilities(): Capabilities {
  const kernel = kernelCapability();
  const interval = kernel.ok || nodeTakesInterval() ? OK : kernel;
  return {
    platform: process.platform,
    node: process.versions.node,
    verified: findPlatform()?.verified ?? false,
    supported: {
      keepAlive: OK,
      keepAliveIdle: OK,
      keepAliveInterval: interval,
      keepAliveCount: interval,
      userTimeout: kernel.ok ? userTimeoutCapability(process.platform, release()) : kernel,
      tcpInfo: kernel,
      probe: kernel.ok ? probeCapability() : kernel,
    },
  };
}

/** Whether the kernel can be asked at all; without that there is only what Node.js does by itself. */
function kernelCapability(): Capability {
  const platform = findPlatform();
  if (platform === undefined) return { ok: false, reason: `nothing is known of ${process.platform}` };
  if ('deno' in process.versions) return { ok: false, reason: 'Deno gives no file descriptor of a socket' };
  if (platform.name === 'win32') return { ok: false, reason: 'Node.js gives no file descriptor on Windows' };
  const { problem } = loadFfi();
  return problem === undefined ? OK : { ok: false, reason: problem };
}

function probeCapability(): Capability {
  const platform = findPlatform();
  if (platform !== undefined && canProbe(platform)) return OK;
  return { ok: false, reason: `the TCP_INFO of ${process.platform} does not tell when the peer has answered` };
}

/** @param osRelease as `os.release()` tells it: `14.1-RELEASE` */
export function userTimeoutCapability(platform: NodeJS.Platform, osRelease: string): Capability {
  if (platform !== 'freebsd' || Number.parseInt(osRelease, 10) >= 14) return OK;
  return { ok: false, reason: `TCP_MAXUNACKTIME came with FreeBSD 14, this is ${osRelease}` };
}
