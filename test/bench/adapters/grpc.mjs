import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient } from '@lifeguard/grpc';
import { startServer } from '../child-process.mjs';
import { ECHO } from './grpc-echo.mjs';

export async function prepare() {
  const { line: port, stop } = await startServer('adapters/grpc-server.mjs');
  const Echo = makeGenericClientConstructor(ECHO, 'Echo');
  const address = `127.0.0.1:${port}`;
  const theirs = new Echo(address, credentials.createInsecure());
  const ours = createClient(Echo, address, credentials.createInsecure());
  return {
    own: { name: '@lifeguard/grpc', operate: saying(ours) },
    stock: { name: 'a client of grpc-js', operate: saying(theirs) },
    async close() {
      ours.close();
      theirs.close();
      await stop();
    },
  };
}

function saying(client) {
  return () =>
    new Promise((resolve, reject) => {
      client.say('one', (error, answer) => (error ? reject(error) : resolve(answer)));
    });
}
