// A server on the host `db`, plain and with TLS.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ECHO, IMPLEMENTATION } from './grpc-echo.mjs';

const { port, tlsPort, key, certificate } = JSON.parse(process.argv[2]);
const secrets = [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }];
const server = new Server();
server.addService(ECHO, IMPLEMENTATION);
await bind(port, ServerCredentials.createInsecure());
await bind(tlsPort, ServerCredentials.createSsl(null, secrets));
process.send('listening');

function bind(onPort, credentials) {
  return new Promise((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${onPort}`, credentials, (error) => (error ? reject(error) : resolve()));
  });
}
