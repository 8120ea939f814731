// A TCP server that answers each line with `ok`, after as many milliseconds as the line says.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { endWithParent } from './end-with-parent.js';
import type { Listening } from './programs.js';

endWithParent();
const { host, port } = JSON.parse(process.argv[2] ?? '') as Listening;
const server = createServer((socket) => {
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (more: string) => {
    const lines = (text + more).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) setTimeout(answer, Number(line), socket);
  });
});
server.listen(port, host, () => process.send?.((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit());

function answer(socket: Socket): void {
  socket.write('ok\n');
}
