import type { Factory } from '@lifeguard/pool';
import { type ConfigProblem, probe, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';
import { resolveClientTcp } from '@lifeguard/tcp/client';
import { integer, resolveSettings, throwProblems, toggle, type Values } from '@lifeguard/tcp/settings';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { isPermanent } from './classify.js';
import { openHardened } from './connect.js';
import { Custody } from './custody.js';
import { inTime, succeeds } from './deadline.js';
import type { Address, SocketOptions } from './options.js';
import { BAD, type SharedConnection, SharedConnections } from './shared-connection.js';

/** What `channelFactory` takes. */
export interface ChannelOptions {
  /** Where the server is. */
  readonly url: Address;
  /** As for amqplib's `connect`, without `recovery`, which has no use here: the pool replaces connections. */
  readonly socketOptions?: SocketOptions;
  /** Whether the server confirms each publish (`createConfirmChannel`). Default: no. */
  readonly confirm?: boolean;
  /** Connections at most, among which the channels are shared out. Default: 1. */
  readonly connections?: number;
  /** The options of the connections' sockets; what is left out comes from the environment, then from the default. */
  readonly tcp?: Partial<TcpOptions>;
  /** Names the connections in variables: `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before `LIFEGUARD_USER_TIMEOUT`. */
  readonly name?: string;
}

/** The options that have no variable. */
const CHANNEL_SETTINGS = {
  confirm: toggle({ default: false, summary: 'whether the server confirms each publish' }),
  connections: integer({
    default: 1,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    summary: 'connections at most, among which the channels are shared out',
  }),
} as const;

/** @param problems what can't be used is added: of these options, and of those of the sockets */
export function resolveChannelSettings(
  options: ChannelOptions,
  problems: ConfigProblem[],
): Values<typeof CHANNEL_SETTINGS> {
  resolveTcpOptions(options.tcp, { prefix: 'tcp.', name: options.name }, problems);
  return resolveSettings(CHANNEL_SETTINGS, { options: { ...options } }, problems);
}

/** What a server may take to open a channel. */
const OPEN_MILLIS = 10_000;
/** What a server may take to say that a channel is closed. */
const CLOSE_MILLIS = 1000;

/**
 * Makes channels for `createPool` of `@lifeguard/pool`. They share one connection, or few, which are opened for the first
 * channel and closed with the last. `createChannelPool` is the short way; given to a pool of your own, the options of the sockets
 * are this factory's `tcp`, and not the pool's.
 *
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function channelFactory(options: ChannelOptions & { readonly confirm: true }): Factory<ConfirmChannel>;
export function channelFactory(options: ChannelOptions): Factory<Channel>;
export function channelFactory(options: ChannelOptions): Factory<Channel> {
  const { url, socketOptions = {}, tcp, name } = options;
  const problems: ConfigProblem[] = [];
  const { confirm, connections } = resolveChannelSettings(options, problems);
  throwProblems(problems);
  const sockets = resolveClientTcp(tcp, name);
  const settings = { ...socketOptions, recovery: undefined };
  const shared = new SharedConnections(connections, (onSocket) => openHardened(url, settings, sockets, onSocket));
  const loans = new WeakMap<Channel, Loan>();
  return {
    name: 'amqp channel',
    // The socket is opened later, so that it is not taken for one of the channel for which that was done: it belongs to all.
    opensAtOnce: true,
    create: async () => {
      const connection = shared.join();
      try {
        const channel = await openChannel(await connection.model, confirm);
        loans.set(channel, { connection, custody: new Custody(channel) });
        return channel;
      } catch (error) {
        await connection.leave();
        throw error;
      }
    },
    destroy: async (channel) => {
      const loan = loans.get(channel);
      if (!loan || !loans.delete(channel)) return;
      if (!loan.custody.closed) await succeeds(CLOSE_MILLIS, async () => channel.close());
      await loan.connection.leave();
    },
    validate: async (channel) => {
      const loan = loans.get(channel);
      return loan !== undefined && !loan.custody.closed && (await answers(loan.connection));
    },
    reset: (channel) => loans.get(channel)?.custody.takeBack(),
    // An error of one call closes the channel, or does it no harm.
    isFatal: (_, channel) => loans.get(channel)?.custody.closed !== false,
    isPermanent,
  };
}

/** What is known of one channel. */
interface Loan {
  readonly connection: SharedConnection;
  readonly custody: Custody;
}

/** amqplib waits for ever, and as long as somebody does the connection stays, when the pool has long been closed. */
async function openChannel(model: ChannelModel, confirm: boolean): Promise<Channel> {
  const opening = confirm ? model.createConfirmChannel() : model.createChannel();
  try {
    return await inTime(OPEN_MILLIS, opening);
  } catch (error) {
    // If it comes late, nobody knows of it.
    opening.then((channel) => channel.close()).catch(() => {});
    throw error;
  }
}

/** Asks the server's kernel: AMQP has no question that changes nothing. */
async function answers({ socket }: SharedConnection): Promise<boolean> {
  return socket !== undefined && !BAD.has(await probe(socket));
}
