import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { harden, isEnabled, type TcpOptions } from '@lifeguard/tcp';
import { giveUpOnSilence, resolveClientTcp } from '@lifeguard/tcp/client';
import * as amqplib from 'amqplib';
import { preparing } from './each-socket.js';
import type { Address, LifeguardOptions, RecoveringConnection, SocketOptions } from './options.js';

/**
 * `connect` of amqplib: an ordinary connection, on a hardened socket; with `recovery`, which version 2 has, each of its sockets
 * is. A connect that nobody answers ends after 0.75 s, and a handshake in which the server says nothing for 10 s, unless
 * `timeout` says otherwise. An `'error'` that nobody listens to ends nothing, neither of the connection nor of a channel.
 *
 * With `LIFEGUARD_ENABLED` off it is amqplib's own, and that is all.
 *
 * @throws {ConfigError} (rejects) that names every socket option and variable that can't be used; else as amqplib does
 */
export function connect(
  url: Address | undefined,
  socketOptions: SocketOptions & LifeguardOptions & { recovery: object | true },
): Promise<RecoveringConnection>;
export function connect(url?: Address, socketOptions?: SocketOptions & LifeguardOptions): Promise<amqplib.ChannelModel>;
export async function connect(
  url?: Address,
  { tcp, name, ...options }: SocketOptions & LifeguardOptions = {},
): Promise<amqplib.ChannelModel | RecoveringConnection> {
  if (!isEnabled()) return open(url, options);
  return openHardened(url, options, resolveClientTcp(tcp, name));
}

/** What the server may take between two words of the handshake. */
const HANDSHAKE_MILLIS = 10_000;
/** Longest pause of a recovery, so that the network's return is noticed within a second; amqplib's own is 30 s. */
const RECOVERY_CEILING_MILLIS = 300;

/** @param onSocket told of each socket before it connects */
export async function openHardened(
  url: Address | undefined,
  options: SocketOptions,
  tcp: Readonly<TcpOptions>,
  onSocket?: (socket: Socket) => void,
): Promise<amqplib.ChannelModel> {
  return heard(await open(url, hardened(options, tcp, onSocket)));
}

/** Options of amqplib, of either API, by which every socket is hardened before it connects. */
export function hardened(
  options: SocketOptions,
  tcp: Readonly<TcpOptions>,
  onSocket?: (socket: Socket) => void,
): object {
  const { recovery, clientProperties, timeout } = options as DriverOptions;
  const prepare = (socket: Socket) => {
    harden(socket, tcp);
    if (timeout === undefined) giveUpOnSilence(socket);
    onSocket?.(socket);
  };
  return {
    timeout: HANDSHAKE_MILLIS,
    ...options,
    clientProperties: preparing(clientProperties ?? {}, prepare),
    ...(recovery && { recovery: { maxDelay: RECOVERY_CEILING_MILLIS, ...(recovery === true ? {} : recovery) } }),
  };
}

/** What is looked at among amqplib's options, of whichever version. */
interface DriverOptions {
  readonly recovery?: object | boolean | undefined;
  readonly clientProperties?: object | undefined;
  readonly timeout?: number | undefined;
}

/** The type is that of any version. */
function open(url: Address | undefined, options: object): Promise<amqplib.ChannelModel> {
  return (amqplib.connect as (url: Address, options: object) => Promise<amqplib.ChannelModel>)(
    url ?? DEFAULT_URL,
    options,
  );
}

/** amqplib's own. */
export const DEFAULT_URL = 'amqp://localhost';

type Opener = 'createChannel' | 'createConfirmChannel';

/**
 * An error that nobody listens to would end the process. That of a channel would be thrown into amqplib's reader, which closes the
 * connection then, with all channels.
 */
function heard(connection: amqplib.ChannelModel): amqplib.ChannelModel {
  (connection as EventEmitter).on('error', ignore);
  listenTo(connection, 'createChannel');
  listenTo(connection, 'createConfirmChannel');
  return connection;
}

function listenTo<K extends Opener>(connection: amqplib.ChannelModel, opener: K): void {
  const create: amqplib.ChannelModel[K] = connection[opener];
  connection[opener] = (async (...args: Parameters<amqplib.ChannelModel[K]>) => {
    const channel = await Reflect.apply(create, connection, args);
    (channel as EventEmitter).on('error', ignore);
    return channel;
  }) as amqplib.ChannelModel[K];
}

export function ignore(): void {}
