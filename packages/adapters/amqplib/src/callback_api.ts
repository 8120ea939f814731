/**
 * As `amqplib/callback_api`.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { isEnabled } from '@lifeguard/tcp';
import { resolveClientTcp } from '@lifeguard/tcp/client';
import type { Connection, RecoveringConnection } from 'amqplib/callback_api';
import { DEFAULT_URL, hardened, ignore } from './connect.js';
import type { Address, LifeguardOptions, SocketOptions } from './options.js';

export type { Address, LifeguardOptions, SocketOptions } from './options.js';

type Callback<C> = (error: Error, connection: C) => void;
type Options = SocketOptions & LifeguardOptions;

/** Before version 1 amqplib names no parts that an ES module can import. */
const amqplib: {
  connect(url: Address, options: object, callback: Callback<Connection> | undefined): RecoveringConnection | undefined;
} = createRequire(import.meta.url)('amqplib/callback_api');

/**
 * `connect` of `amqplib/callback_api`: an ordinary connection, on a hardened socket; with `recovery`, which version 2 has, each
 * of its sockets is. Timeouts, and errors that nobody listens to, are as with `connect` of `@lifeguard/amqplib`.
 *
 * With `LIFEGUARD_ENABLED` off it is amqplib's own, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used; else as amqplib does
 */
export function connect(callback: Callback<Connection>): void;
export function connect(url: Address, callback: Callback<Connection>): void;
export function connect(
  url: Address,
  socketOptions: Options & { recovery: object | true },
  callback?: Callback<RecoveringConnection>,
): RecoveringConnection;
export function connect(url: Address, socketOptions: Options, callback: Callback<Connection>): void;
export function connect(...args: readonly unknown[]): RecoveringConnection | undefined {
  const callback = args.find((each) => typeof each === 'function') as Callback<Connection> | undefined;
  const [url = DEFAULT_URL, given = {}] = args.filter((each) => typeof each !== 'function') as [Address?, Options?];
  const { tcp, name, ...options } = given;
  if (!isEnabled()) return amqplib.connect(url, options, callback);
  const told: Callback<Connection> = (error, connection) => {
    if (connection && !recovering) hear(connection);
    callback?.(error, connection);
  };
  const recovering = amqplib.connect(url, hardened(options, { tcp: resolveClientTcp(tcp, name), hear }), told);
  // Its channels are those of the connections that it makes, each of which is heard.
  recovering?.on('error', ignore);
  return recovering;
}

/** What nobody listens to ends nothing: as with promises, and a channel is known before it is open. */
function hear(connection: EventEmitter): void {
  connection.on('error', ignore);
  const opener = connection as unknown as Record<string, (...args: unknown[]) => EventEmitter>;
  for (const name of ['createChannel', 'createConfirmChannel']) {
    const create = opener[name];
    if (create) opener[name] = (...args) => Reflect.apply(create, connection, args).on('error', ignore);
  }
}
