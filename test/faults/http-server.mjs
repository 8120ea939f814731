// A server on the host `db`, plain on one port and over TLS on another. It answers `ok` to a request, but never to `/hang`; it goes on
// and on with `/stream`, and takes whatever is sent to `/upload`.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

const { port, tlsPort, key, certificate } = JSON.parse(process.argv[2]);
for (const [server, at] of [
  [http.createServer(serve), port],
  [https.createServer({ key, cert: certificate }, serve), tlsPort],
]) {
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await once(server.listen(at, '0.0.0.0'), 'listening');
}
process.send('listening');

function serve(request, response) {
  request.on('error', () => {}).resume();
  if (request.url === '/stream') stream(response);
  else if (request.url === '/') response.end('ok');
}

function stream(response) {
  const timer = setInterval(() => response.write('more '), 50);
  response.on('error', () => {}).on('close', () => clearInterval(timer));
  response.write('something ');
}
