import { createRequire } from 'node:module';
import { ConfigError, isEnabled, LifeguardError } from '@lifeguard/tcp';
import type { Agent } from 'undici';
import { type ClientOptions, checkedClients } from './checked-client.js';
import { driverOptions, type LifeguardOptions, resolveOptions } from './options.js';
import { Peers } from './peers.js';

type Undici = typeof import('undici');

/** The options of undici's `Agent`, but for the factory of its clients, which is ours; and of Lifeguard. */
export type DispatcherOptions = Omit<Agent.Options, 'factory'> & { factory?: never } & LifeguardOptions;

/**
 * Makes an `Agent` of undici whose sockets are hardened, and none is used again that the peer has closed or stopped to answer on:
 * for `request`, `stream` and `fetch` of undici, for the `fetch` of Node.js, and for `setGlobalDispatcher`. With `LIFEGUARD_ENABLED`
 * off it is `new Agent(options)`, and that is all.
 *
 * @throws {LifeguardError} `ERR_HTTP_NO_UNDICI` if undici, a peer dependency, is not installed
 * @throws {ConfigError} that names every option and variable that can't be used; what undici throws
 */
export function createDispatcher(options: DispatcherOptions = {}): Agent {
  const undici = loadUndici();
  const given = driverOptions(options);
  if (!isEnabled()) return new undici.Agent(given);
  if (options.factory !== undefined) {
    throw new ConfigError([
      { name: 'factory', value: '[Function]', allowed: 'none: the clients are made by Lifeguard' },
    ]);
  }
  const { tcp, connectTimeoutMillis } = resolveOptions(options);
  const factory = checkedClients(undici, new Peers(tcp));
  return new undici.Agent({
    connectTimeout: connectTimeoutMillis,
    ...given,
    factory: (origin, poolOptions) =>
      new undici.Pool(origin, {
        ...poolOptions,
        factory: (clientOrigin, clientOptions) => factory(clientOrigin, clientOptions as ClientOptions),
      }),
  });
}

/** When it is wanted: whoever only needs the agents has no undici. */
function loadUndici(): Undici {
  try {
    return createRequire(import.meta.url)('undici');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new LifeguardError('ERR_HTTP_NO_UNDICI', 'createDispatcher needs undici: npm install undici', { cause });
  }
}
