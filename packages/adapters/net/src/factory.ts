import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { Factory } from '@lifeguard/pool';
import { probe } from '@lifeguard/tcp';
import { throwProblems } from '@lifeguard/tcp/settings';
import { isPermanent } from './classify.js';
import { custodyOf, takeIntoCustody } from './custody.js';
import { followLoans } from './loans.js';
import { type NetOptions, portProblems, type TlsOptions, toNetConnectOptions, toTlsConnectOptions } from './options.js';

/**
 * Makes TCP sockets for `createPool` of `@lifeguard/pool`.
 *
 * A socket is lent again only as good as new: with nothing to be read or still to be sent, open to both sides, without an
 * encoding, and with the listeners that were there before, and no other. What is not so is closed, with a `DirtySocketError`.
 *
 * @throws {ConfigError} if the port can't be used
 */
export function netFactory(options: NetOptions): Factory<Socket> {
  const connectOptions = toNetConnectOptions(options);
  return socketFactory('net', options, () => open(net.connect(connectOptions), 'connect'));
}

/**
 * `netFactory` for TLS. A certificate that is not trusted is told to all who wait, at once.
 *
 * @throws {ConfigError} if the port can't be used
 */
export function tlsFactory(options: TlsOptions): Factory<TLSSocket> {
  const connectOptions = toTlsConnectOptions(options);
  return socketFactory('tls', options, () => open(tls.connect(connectOptions), 'secureConnect'));
}

function socketFactory<S extends Socket>(name: string, options: NetOptions, open: () => Promise<S>): Factory<S> {
  throwProblems(portProblems(options));
  const { noDelay = false } = options;
  followLoans();
  return {
    name,
    opensAtOnce: true,
    create: async () => {
      const socket = await open();
      takeIntoCustody(socket, noDelay);
      return socket;
    },
    destroy: close,
    validate: async (socket) => {
      if (socket.destroyed) return false;
      const verdict = await probe(socket);
      return verdict === 'alive' || verdict === 'unknown';
    },
    reset: (socket) => custodyOf(socket)?.takeBack(),
    isPermanent,
  };
}

async function open<S extends Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> {
  // An error that nobody listens to would end the process.
  socket.on('error', () => {});
  await once(socket, event);
  return socket;
}

/** Sends what is to be sent, and a FIN. Resolves once the socket is closed. */
function close(socket: Socket): Promise<void> {
  custodyOf(socket)?.letGo();
  if (socket.closed) return Promise.resolve();
  // Again: its borrower may have taken all listeners off.
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.destroySoon();
  });
}
