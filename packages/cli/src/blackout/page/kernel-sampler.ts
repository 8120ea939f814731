import type { Socket } from 'node:net';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import { now } from '../clock.js';
import type { SocketSample, SocketsSample } from './connections.js';

const SAMPLE_MILLIS = 250;

/**
 * Four times a second tells what the kernel knows of each TCP client socket of this process: some system calls for each, and
 * nothing on the wire. Sockets that were connected before it was made are not among them.
 */
export class KernelSampler {
  /** Its number, which changes if the same object connects again. */
  readonly #ids = new Map<Socket, number>();
  #connects = 0;

  /** @param tell is told of no socket where the kernel can't be asked */
  constructor(tell: (sample: SocketsSample) => void) {
    onClientSocket((socket) => {
      this.#ids.set(socket, this.#connects);
      this.#connects += 1;
    });
    setInterval(() => {
      const sockets = this.#sample();
      if (sockets.length > 0 || this.#ids.size === 0) tell({ at: now(), sockets });
    }, SAMPLE_MILLIS).unref();
  }

  #sample(): SocketSample[] {
    // Or all that there ever were would be kept.
    for (const socket of this.#ids.keys()) if (socket.destroyed) this.#ids.delete(socket);
    return [...this.#ids].flatMap(([socket, id]) => sampleOf(socket, id) ?? []);
  }
}

/** `undefined` if it has no file descriptor yet, or the kernel does not tell. */
function sampleOf(socket: Socket, id: number): SocketSample | undefined {
  const info = inspect(socket)?.info;
  if (!info) return undefined;
  return {
    id,
    connecting: info.state === 'SYN_SENT',
    retransmits: info.retransmits ?? 0,
    probes: info.probes ?? 0,
    unacked: info.unacked ?? 0,
  };
}
