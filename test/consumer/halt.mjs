// Loaded before a program: halts it each time that it is about to end or to close a connection, and at its end, so that somebody
// outside can look at its sockets as it has used them. It sets nothing.
import { Socket } from 'node:net';

for (const step of ['_final', '_destroy']) {
  const original = Socket.prototype[step];
  Socket.prototype[step] = function (...args) {
    if (this.remotePort !== undefined) halt();
    return original.apply(this, args);
  };
}
process.on('exit', halt);

function halt() {
  process.kill(process.pid, 'SIGSTOP');
}
