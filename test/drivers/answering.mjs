// The servers that no package brings, on a host of the lab: HTTP and HTTPS, gRPC, and a listener that accepts a connection
// and says nothing. Whoever asks for `hang` is not answered. Argument: host, certificate and key, as JSON.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';

const BUCKETS = '<?xml version="1.0"?><ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>';

const { host, certificate, key } = JSON.parse(process.argv[2] ?? '');
const ports = {
  http: await listen(http.createServer(answer)),
  https: await listen(https.createServer({ cert: certificate, key }, answer)),
  listener: await listen(net.createServer((socket) => socket.on('error', () => {}).resume())),
  grpc: await serveGrpc(),
};
process.send?.(ports);

function answer({ url }, response) {
  if (url.startsWith('/hang')) return;
  response.end(url.startsWith('/s3') ? BUCKETS : 'ok');
}

async function listen(server) {
  await once(server.listen(0, host), 'listening');
  return server.address().port;
}

function serveGrpc() {
  const same = (bytes) => bytes;
  const say = {
    ...{ path: '/echo.Echo/Say', requestStream: false, responseStream: false },
    ...{ requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
  };
  const server = new Server();
  server.addService(
    { say },
    {
      say({ request }, settle) {
        if (String(request) !== 'hang') settle(null, request);
      },
    },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
