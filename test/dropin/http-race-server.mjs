// A server of Node.js, plain and with TLS, that closes a connection when it has been idle for a moment, and does not announce it.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

const { idleMillis, key, certificate } = JSON.parse(process.argv[2]);
const servers = [http.createServer(), https.createServer({ key, cert: certificate })];
for (const server of servers) {
  server.on('request', ({ socket }, response) => {
    // What Node.js does with `keepAliveTimeout`, less the second that it waits longer of late.
    response.on('finish', () => socket.setTimeout(idleMillis));
    // With a `Connection` of ours there is no `Keep-Alive: timeout=`.
    response.setHeader('connection', 'keep-alive').end('ok');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
}
const [port, tlsPort] = servers.map((server) => server.address().port);
process.send({ port, tlsPort });
