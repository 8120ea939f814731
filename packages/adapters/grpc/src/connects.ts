import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';
import { onClientSocket } from '@lifeguard/tcp';

/** Is told of every connect of one channel. */
export interface ConnectObserver {
  /** A connect begins. What it throws fails the connect. */
  begins?(): void;
  /** A socket was opened, and is about to connect. */
  opens?(socket: Socket): void;
  /** A socket is connected, and nothing has been sent on it: neither TLS nor HTTP/2 has begun. */
  connects(socket: Socket): void;
}

type CreateConnector = ChannelCredentials['_createSecureConnector'];
type Connector = ReturnType<CreateConnector>;

/**
 * The same credentials, which tell of the sockets that they are used on.
 *
 * A channel takes every socket to its credentials, whether to encrypt it or to leave it as it is: the one place that all of
 * a channel's sockets pass, and no other's, whoever has caused the connect and in whatever async context.
 */
export function observed(credentials: ChannelCredentials, observer: ConnectObserver): ChannelCredentials {
  // To be refused by grpc-js, in its words.
  if (!(credentials instanceof ChannelCredentials)) return credentials;
  const create: CreateConnector = (...args) => observe(credentials._createSecureConnector(...args), observer);
  return Object.create(credentials, { _createSecureConnector: { value: create } });
}

function observe(connector: Connector, observer: ConnectObserver): Connector {
  return {
    async connect(socket) {
      observer.connects(socket);
      return connector.connect(socket);
    },
    async waitForReady() {
      await connector.waitForReady();
      observer.begins?.();
      tellOfNextSocket((socket) => observer.opens?.(socket));
    },
    getCallCredentials: () => connector.getCallCredentials(),
    destroy: () => connector.destroy(),
  };
}

/**
 * Tells of the socket that grpc-js is about to open. To be called last in `waitForReady`.
 *
 * grpc-js goes on in the next promise job, and opens the socket in the one that this one makes (`connect` and `tcpConnect` in
 * its transport.ts). Jobs run in the order in which they are made. So a job that is made just before each of these two runs
 * just before it, and nobody else's comes between.
 *
 * Should another version of grpc-js take another number of jobs, the socket is not seen here: it is hardened all the same, for
 * `connect` tells of it later.
 */
function tellOfNextSocket(tell: (socket: Socket) => void): void {
  queueMicrotask(() =>
    queueMicrotask(() => {
      const stop = onClientSocket(tell);
      queueMicrotask(stop);
    }),
  );
}
