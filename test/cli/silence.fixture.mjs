// Three connections for each of some settings: one idle, one that waits for an answer, one that sends when the cable is cut.
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { harden, inspect, resolveTcpOptions } from '@lifeguard/tcp';

const SYSCTLS = '/proc/sys/net/ipv4';
const [host, port, retries, settings] = process.argv.slice(2);

const now = () => performance.timeOrigin + performance.now();

// Of this network only. How long is sent without a user timeout would take a quarter of an hour.
writeFileSync(`${SYSCTLS}/tcp_retries2`, retries);

/** The peer's last sign of life, as the kernel has it. */
function lastSign(socket) {
  const { lastAckReceivedMillis, lastDataReceivedMillis } = inspect(socket).info;
  return now() - Math.min(lastAckReceivedMillis, lastDataReceivedMillis);
}

/** A connection on which there has been a question and an answer. */
async function open(options) {
  const socket = net.connect({ host, port: Number(port), noDelay: true });
  const hardening = harden(socket, resolveTcpOptions(options));
  await once(socket, 'connect');
  if (hardening.state !== 'applied') throw new Error(`not hardened: ${JSON.stringify(hardening.refused)}`);
  socket.write('question');
  await once(socket, 'data');
  return socket;
}

function report(socket, setting, doing, since) {
  socket.once('error', ({ code }) => process.send({ setting, doing, code, millis: now() - since() }));
}

const connections = await Promise.all(
  JSON.parse(settings).map(async (options, setting) => {
    const [idle, waiting, sending] = await Promise.all([open(options), open(options), open(options)]);
    return { setting, idle, waiting, sending };
  }),
);
for (const { waiting } of connections) waiting.write('hold');

// The peer has acknowledged all; a second passes before it would be asked again.
while (connections.some(({ waiting }) => inspect(waiting).info.unacked > 0)) {
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const sysctls = Object.fromEntries(
  readdirSync(SYSCTLS)
    .filter((name) => /^tcp_(retries2|rto_|keepalive_|syn_)/.test(name))
    .map((name) => [name, Number(readFileSync(`${SYSCTLS}/${name}`, 'utf8'))]),
);
process.send({ ready: sysctls });
await once(process, 'message');

for (const { setting, idle, waiting, sending } of connections) {
  const signs = [lastSign(idle), lastSign(waiting)];
  report(idle, setting, 'idle', () => signs[0]);
  report(waiting, setting, 'waiting', () => signs[1]);
  const sentAt = now();
  report(sending, setting, 'sending', () => sentAt);
  sending.write('question');
}
