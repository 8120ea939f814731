// A server on the host `db`, plain on one port and over TLS on another: it says `ok` to each line but `wait`.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

const { port, tlsPort, key, certificate } = JSON.parse(process.argv[2]);
for (const [server, at] of [
  [net.createServer(serve), port],
  [tls.createServer({ key, cert: certificate }, serve), tlsPort],
]) {
  await once(server.listen(at, '0.0.0.0'), 'listening');
}
process.send('listening');

function serve(socket) {
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (more) => {
    const lines = (text + more).split('\n');
    text = lines.pop();
    for (const line of lines) if (line !== 'wait') socket.write('ok\n');
  });
}
