import { credentials } from '@grpc/grpc-js';
import { conformance } from '@lifeguard/pool/testing';
import { describe, test } from 'vitest';
import { EchoClient, say, startEcho, trusting } from './echo.fixture.js';
import { grpcFactory } from './factory.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

const NAME = { 'grpc.ssl_target_name_override': 'localhost' };

describe.each([
  ['plain', false],
  ['TLS', true],
])('grpcFactory, %s', (_, tls) => {
  const make = (trust: typeof credentials.createInsecure, options = {}) => {
    return ({ host, port }: Address) => grpcFactory(EchoClient, `${host}:${port}`, trust(), options);
  };
  conformance<EchoClient>(
    {
      server: async () => ({ host: '127.0.0.1', port: (await startEcho({ tls })).port }),
      makeFactory: make(tls ? trusting : credentials.createInsecure, NAME),
      ask: (client) => say(client, 'hello'),
      failHarmlessly: (client) => say(client, 'refuse'),
      dirt: {
        'a call under way': {
          leave: async (client) => {
            const stream = client.repeat({ text: 'hang' }).on('error', () => {});
            await new Promise((resolve) => stream.once('data', resolve));
            open.add(client);
          },
          isLeft: (client) => open.has(client),
        },
      },
      ...(tls && { hopeless: { 'a certificate that is not trusted': make(credentials.createSsl, NAME) } }),
    },
    { describe, test },
  );
});

/** Clients that were left with a call. Calls of a client can't be seen on it. */
const open = new WeakSet<EchoClient>();
