import type { TcpOptions } from '@lifeguard/tcp';
import type { connect, Options } from 'amqplib';

/** What is taken beside the options of amqplib. */
export interface LifeguardOptions {
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
  /** Names the connection in variables: `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before `LIFEGUARD_USER_TIMEOUT`. */
  name?: string;
}

/** Where the server is: `amqp://user:password@host/vhost`, or the parts of that. */
export type Address = string | Options.Connect;

/** Version 2 has one signature more, for a connection that recovers. The others match as the same one twice. */
type Signatures = typeof connect extends {
  (...args: infer _): infer Recovering;
  (...args: infer Args): infer Plain;
}
  ? { readonly args: Args; readonly plain: Plain; readonly recovering: Recovering }
  : never;

/** What amqplib's `connect` takes as its second argument: options of the socket, `clientProperties`, `timeout`, … */
export type SocketOptions = NonNullable<Signatures['args'][1]>;

/** What amqplib's `connect` resolves to, if `recovery` is asked for. */
export type RecoveringConnection = Awaited<Signatures['recovering']>;
