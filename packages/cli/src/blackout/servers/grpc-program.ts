// A gRPC server with one method: it answers with what it was told, after so many milliseconds.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { METHOD } from '../drivers/grpc.js';
import { endWithParent } from './end-with-parent.js';
import type { Listening } from './programs.js';

const same = (bytes: Buffer) => bytes;
const unary = { requestStream: false, responseStream: false };
const bytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

endWithParent();
const { host, port } = JSON.parse(process.argv[2] ?? '') as Listening;
const server = new Server();
server.addService(
  { wait: { path: METHOD, ...unary, ...bytes } },
  {
    wait({ request }: { request: Buffer }, answer: (error: null, value: Buffer) => void) {
      setTimeout(() => answer(null, request), Number(request));
    },
  },
);
server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
  if (error) throw error;
  process.send?.(bound);
});
process.on('SIGTERM', () => process.exit());
