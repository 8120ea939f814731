import type { Socket } from 'node:net';
import { onClientSocket } from '@lifeguard/tcp';

/**
 * Client properties that say the same, and with which every socket that amqplib opens is prepared before it connects.
 *
 * amqplib reads them each time it connects, in a recovery too, and opens its socket in the same turn. No async context has to be
 * followed that way, which on Node.js before 24 slows down every promise of the process.
 */
export function preparing(properties: object, prepare: (socket: Socket) => void): object {
  return new Proxy(properties, {
    ownKeys(target) {
      prepareNext(prepare);
      return Reflect.ownKeys(target);
    },
  });
}

function prepareNext(prepare: (socket: Socket) => void): void {
  const stop = onClientSocket((socket) => {
    stop();
    prepare(socket);
  });
  // With options that it can't use, amqplib opens none.
  queueMicrotask(stop);
}
