import type { ChannelCredentials, Client, ClientOptions as DriverOptions } from '@grpc/grpc-js';
import { isEnabled } from '@lifeguard/tcp';
import { ManyChannels } from './many-channels.js';
import { type ClientOptions, driverOptions, resolveOptions } from './options.js';

/** A generated client: of protoc, of ts-proto, of `loadPackageDefinition`, or written by hand. */
export type ClientClass<C extends Client> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: DriverOptions,
) => C;

/**
 * Makes an ordinary client of the class given, whose calls are spread over several connections, each to the least busy that
 * the kernel does not suspect. Every socket is hardened, through each reconnect; while the server is away it is tried again at
 * least every 0.8 s, unless options for grpc-js's backoff are given.
 *
 * With `LIFEGUARD_ENABLED` off it is `new ServiceClient()`, and that is all.
 *
 * @param address as for the client's constructor: `host:port`, `dns:///host:port`, `ipv4:…`
 * @throws {ConfigError} that names every option and variable that can't be used; what grpc-js throws for an address or
 *   credentials that it can't use
 */
export function createClient<C extends Client>(
  ServiceClient: ClientClass<C>,
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions = {},
): C {
  const given = driverOptions(options);
  if (!isEnabled()) return new ServiceClient(address, credentials, given);
  const { channels, tcp } = resolveOptions(options);
  const channelOverride = new ManyChannels({ address, credentials, options: given, tcp }, channels);
  return new ServiceClient(address, credentials, { ...given, channelOverride });
}
