// By default a client of ours has four connections. The stock here is what has as many: clients of grpc-js, each with a
// connection of its own, called in turn. `grpc-one.mjs` compares one connection with one.
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient } from '@lifeguard/grpc';
import { startServer } from '../child-process.mjs';
import { ECHO, saying } from './grpc-echo.mjs';

const CHANNELS = 4;
/** Else all clients to one address share one. */
const ON_ITS_OWN = { 'grpc.use_local_subchannel_pool': 1 };

export async function prepare() {
  const { line: port, stop } = await startServer('adapters/grpc-server.mjs');
  const Echo = makeGenericClientConstructor(ECHO, 'Echo');
  const address = `127.0.0.1:${port}`;
  const ours = createClient(Echo, address, credentials.createInsecure());
  const theirs = Array.from({ length: CHANNELS }, () => new Echo(address, credentials.createInsecure(), ON_ITS_OWN));
  let turn = 0;
  const nextOfTheirs = () => {
    turn = (turn + 1) % CHANNELS;
    return theirs[turn];
  };
  return {
    own: { name: '@lifeguard/grpc', operate: () => saying(ours) },
    stock: { name: 'four clients of grpc-js, in turn', operate: () => saying(nextOfTheirs()) },
    async close() {
      for (const client of [ours, ...theirs]) client.close();
      await stop();
    },
  };
}
