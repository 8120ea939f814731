// Answers each request with `ok`, on the loopback interface. The line it prints is its port.
import { createServer } from 'node:http';
import { endWithParent } from '../child-process.mjs';

endWithParent();
const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
