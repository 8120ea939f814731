import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient } from '@lifeguard/grpc';
import { startServer } from '../child-process.mjs';
import { ECHO, saying } from './grpc-echo.mjs';

export async function prepare() {
  const { line: port, stop } = await startServer('adapters/grpc-server.mjs');
  const Echo = makeGenericClientConstructor(ECHO, 'Echo');
  const address = `127.0.0.1:${port}`;
  const ours = createClient(Echo, address, credentials.createInsecure(), { channels: 1 });
  const theirs = new Echo(address, credentials.createInsecure());
  return {
    own: { name: '@lifeguard/grpc, one channel', operate: () => saying(ours) },
    stock: { name: 'a client of grpc-js', operate: () => saying(theirs) },
    async close() {
      ours.close();
      theirs.close();
      await stop();
    },
  };
}
