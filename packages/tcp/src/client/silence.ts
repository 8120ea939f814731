import type { Socket } from 'node:net';

/**
 * How long a connect may go unanswered by the peer's kernel. That is far more than a round trip takes. The SYN may have
 * been lost, and the kernel would send it again after 1, 3, 7, … s, which misses the network's return.
 */
const SILENT_MILLIS = 750;

/**
 * Ends a connect that the peer's kernel leaves unanswered for 0.75 s, with an ETIMEDOUT like the kernel's own. To be called before
 * the socket connects.
 *
 * @param told called just before
 */
export function giveUpOnSilence(socket: Socket, told: () => void = () => {}): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  // One for each address that is tried, and not while the name is looked up.
  socket.on('connectionAttempt', (address: string, port: number) => {
    stop();
    timer = setTimeout(() => {
      told();
      socket.destroy(unanswered(address, port));
    }, SILENT_MILLIS);
  });
  // Each time: the same socket may be opened again.
  socket.on('connect', stop);
  socket.on('close', stop);
}

/** Like the kernel's own. */
function unanswered(address: string, port: number): Error {
  const error = new Error(`connect ETIMEDOUT ${address}:${port} (no answer for ${SILENT_MILLIS} ms)`);
  return Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect', address, port });
}
