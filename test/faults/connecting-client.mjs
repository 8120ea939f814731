// A program on the host `app` that connects into the dark. It knows nothing of Lifeguard.
import net from 'node:net';

const { host, port } = JSON.parse(process.argv[2]);
const startedAt = performance.now();
net.connect({ host, port }).once('error', ({ code, syscall }) => {
  process.send({ code, syscall, tookMillis: performance.now() - startedAt });
  process.disconnect();
});
