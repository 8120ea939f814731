// A gRPC server on the loopback interface. The line it prints is its port.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { endWithParent } from '../child-process.mjs';
import { ECHO } from './grpc-echo.mjs';

endWithParent();
const server = new Server();
server.addService(ECHO, { say: ({ request }, answer) => answer(null, request) });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
