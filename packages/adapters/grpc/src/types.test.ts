import {
  Client,
  type ClientUnaryCall,
  credentials,
  type ClientOptions as DriverOptions,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import type { Factory } from '@lifeguard/pool';
import { expect, expectTypeOf, test } from 'vitest';
import { createClient } from './client.js';
import { EchoClient } from './echo.fixture.js';
import { grpcFactory } from './factory.js';

const trust = credentials.createInsecure();

/** As `grpc_tools_node_protoc` declares it. */
class Declared extends Client {
  constructor(address: string, creds: typeof trust, options?: Partial<DriverOptions>) {
    super(address, creds, options);
  }
  greet(name: string, callback: (error: Error | null, answer: string) => void): ClientUnaryCall {
    return this.makeUnaryRequest('/g/greet', Buffer.from, String, name, (error, answer = '') =>
      callback(error, answer),
    );
  }
}

/** As ts-proto exports it. */
const Constant = EchoClient as unknown as {
  new (address: string, credentials: typeof trust, options?: Partial<DriverOptions>): EchoClient;
  readonly service: object;
  readonly serviceName: string;
};

const Loaded = makeGenericClientConstructor({}, 'Loaded');

test('a client has the type of its class, however that was made', () => {
  const clients = [
    createClient(Declared, 'localhost:1', trust),
    createClient(Constant, 'localhost:1', trust, { channels: 3, 'grpc.max_send_message_length': 5 }),
    createClient(Loaded, 'localhost:1', trust),
  ] as const;
  expectTypeOf(clients[0]).toEqualTypeOf<Declared>();
  expectTypeOf(clients[1]).toEqualTypeOf<EchoClient>();
  expectTypeOf(clients[2]).toEqualTypeOf<InstanceType<typeof Loaded>>();
  expectTypeOf(grpcFactory(Declared, 'localhost:1', trust)).toEqualTypeOf<Factory<Declared>>();
  for (const client of clients) client.close();
  expect(clients[0]).toBeInstanceOf(Declared);
});

test('a channel of one’s own is refused by the compiler: it would be left as it is', () => {
  const channelOverride = new Client('localhost:1', trust).getChannel();
  // @ts-expect-error
  createClient(Declared, 'localhost:1', trust, { channelOverride }).close();
});
