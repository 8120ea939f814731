import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { harden, isEnabled, type TcpOptions } from '@lifeguard/tcp';
import { ReconnectPace, resolveClientTcp } from '@lifeguard/tcp/client';
import * as amqplib from 'amqplib';
import { preparing } from './each-socket.js';
import type { Address, LifeguardOptions, RecoveringConnection, SocketOptions } from './options.js';
import { type Hear, type RecoveryOptions, recovering } from './recovery.js';

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

/** @param onSocket told of each socket before it connects */
export async function openHardened(
  url: Address | undefined,
  options: SocketOptions,
  tcp: Readonly<TcpOptions>,
  onSocket?: (socket: Socket) => void,
): Promise<amqplib.ChannelModel> {
  return heard(await open(url, hardened(options, { tcp, hear: heard, onSocket })));
}

/** How sockets are hardened, and what else becomes of a connection. */
export interface Hardener {
  readonly tcp: Readonly<TcpOptions>;
  readonly hear: Hear;
  /** Told of each socket before it connects. */
  readonly onSocket?: ((socket: Socket) => void) | undefined;
}

/** Options of amqplib, of either API, by which every socket is hardened before it connects. */
export function hardened(options: SocketOptions, { tcp, hear, onSocket }: Hardener): object {
  const { recovery, clientProperties, timeout } = options as DriverOptions;
  const pace = new ReconnectPace();
  // A pool of channels comes here with LIFEGUARD_ENABLED off, too.
  const isBounded = timeout === undefined && isEnabled();
  const prepare = (socket: Socket) => {
    harden(socket, tcp);
    if (isBounded) pace.follow(socket);
    onSocket?.(socket);
  };
  return {
    ...options,
    timeout: isBounded ? HANDSHAKE_MILLIS : timeout,
    clientProperties: preparing(clientProperties ?? {}, prepare),
    ...(recovery && { recovery: recovering(recovery, pace, hear) }),
  };
}

/** What is looked at among amqplib's options, of whichever version. */
interface DriverOptions {
  readonly recovery?: RecoveryOptions | true | undefined;
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
function heard<C extends EventEmitter>(connection: C): C {
  connection.on('error', ignore);
  const model = connection as unknown as amqplib.ChannelModel;
  listenTo(model, 'createChannel');
  listenTo(model, 'createConfirmChannel');
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
