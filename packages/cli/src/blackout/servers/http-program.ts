// An HTTP server that answers each request with `ok`: `?seconds=1` after a second.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './end-with-parent.js';
import type { Listening } from './programs.js';

/** It is the clients' part to close: a race with the server's own closing is another story. */
const KEEP_ALIVE_MILLIS = 600_000;

endWithParent();
const { host, port } = JSON.parse(process.argv[2] ?? '') as Listening;
const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLIS }, (request, response) => {
  const seconds = Number(new URL(request.url ?? '', 'http://server').searchParams.get('seconds'));
  setTimeout(() => response.end('ok'), seconds * 1000);
});
server.listen(port, host, () => process.send?.((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit());
