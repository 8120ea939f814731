import type { Socket } from 'node:net';
import { openCapture } from '@lifeguard/tcp';
import type { AbstractConnector, Redis, RedisOptions } from 'ioredis';
import { SentinelConnector, StandaloneConnector } from 'ioredis/built/connectors/index.js';

export type ConnectorClass = NonNullable<RedisOptions['Connector']>;
type Connect = AbstractConnector['connect'];

/** Called with each socket before it connects. */
export type Prepare = (socket: Socket) => void;

/**
 * The `Connector` that ioredis would take by itself, or the one in the options, with all the sockets prepared that it
 * opens. It goes with the options into every duplicate of the client, and into its reconnects.
 */
export function preparingConnector(options: RedisOptions, prepare: Prepare): ConnectorClass {
  return capturing(options.Connector ?? ownConnector(options, prepare), prepare);
}

/**
 * As ioredis chooses it, but that the clients with which it asks Sentinels get their sockets prepared, and that a failover does not
 * end a client.
 *
 * @param onError told of their errors, which ioredis drops
 */
export function ownConnector(
  options: RedisOptions,
  prepare: Prepare,
  onError?: (error: unknown) => void,
): ConnectorClass {
  if (!options.sentinels) return StandaloneConnector as ConnectorClass;
  const Connector = capturing(StandaloneConnector as ConnectorClass, prepare);
  class PreparingSentinelConnector extends AskingConnector {
    override connectToSentinel(endpoint: unknown, more?: object): Redis {
      const client = super.connectToSentinel(endpoint, { ...more, Connector });
      if (onError) client.on('error', onError);
      return client;
    }

    /** ioredis ends its client for good if a failover is announced while the Sentinels are being asked where the master is. */
    override initFailoverDetector(): Promise<void> {
      const subscribed = super.initFailoverDetector();
      const disconnect = () => {
        if (this.stream?.destroyed === false) this.disconnect();
      };
      if (this.failoverDetector) this.failoverDetector.connector = { disconnect };
      return subscribed;
    }
  }
  return PreparingSentinelConnector as unknown as ConnectorClass;
}

/** What its types say is private. */
interface Asking {
  /** To the server that the Sentinels have named last. */
  readonly stream?: Socket;
  readonly failoverDetector: { connector: { disconnect(): void } } | null;
  disconnect(): void;
  /** It is where every client for a Sentinel is made. */
  connectToSentinel(endpoint: unknown, options?: object): Redis;
  /** Called when the server is connected to. */
  initFailoverDetector(): Promise<void>;
}

const AskingConnector = SentinelConnector as unknown as new (options: unknown) => Asking;

function capturing(Connector: ConnectorClass, prepare: Prepare): ConnectorClass {
  const Base = Connector as unknown as new (options: unknown) => { connect: Connect };
  class CapturingConnector extends Base {
    constructor(options: unknown) {
      super(options);
      const connect = this.connect.bind(this);
      this.connect = (tell) => withSocketsPrepared(() => connect(tell), prepare);
    }
  }
  return CapturingConnector as unknown as ConnectorClass;
}

async function withSocketsPrepared<R>(connect: () => Promise<R>, prepare: Prepare): Promise<R> {
  const capture = openCapture(prepare);
  try {
    return await capture.run(connect);
  } finally {
    // The next connect comes by here again.
    capture.close();
  }
}

/** Prepares the sockets of a client that is there already, and of the connect that `make` may have begun with it. */
export function withClientPrepared(make: () => Redis | null, prepare: Prepare): void {
  const capture = openCapture(prepare);
  const redis = capture.run(make);
  // A connect that has begun opens its socket in the next tick.
  setImmediate(() => capture.close());
  if (redis === null) return;
  const { connector } = redis as unknown as { readonly connector: { connect: Connect } };
  const connect = connector.connect.bind(connector);
  connector.connect = (tell) => withSocketsPrepared(() => connect(tell), prepare);
}
