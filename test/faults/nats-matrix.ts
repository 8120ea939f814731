import { type Host, type NatsServer, natsUnavailable, startNats } from '@lifeguard/lab';
import { brokerPromises } from './broker-promises.js';
import type { Matrix, Servers } from './test-faults.js';

const PORTS = { port: 4222, tlsPort: 4223 };
/** The same after a power failure. */
const settings = { authorization: '{ user: "app", password: "known" }' };

export const NATS: Matrix = {
  adapter: 'nats',
  program: new URL('./nats-client.mjs', import.meta.url),
  unavailable: natsUnavailable(),
  start,
  isSlowToStart: true,
  ...brokerPromises(
    // 2 packages x 2 transports x 4 connections.
    16,
    /^(disconnect|connection disconnected|DISCONNECT|timeout|TIMEOUT|connection refused|CONNECTION_REFUSED|connect E)/,
  ),
};

async function start(host: Host): Promise<Servers> {
  const { port, tlsPort } = PORTS;
  const servers = await Promise.all([
    startNats(host, { port, settings }),
    startNats(host, { port: tlsPort, tls: true, settings }),
  ]);
  const all = async (step: (server: NatsServer) => Promise<void>) => {
    await Promise.all(servers.map(step));
  };
  return {
    access: { host: host.address, ...PORTS, user: 'app', pass: 'known' },
    kill: () => all((server) => server.kill()),
    restart: () => all((server) => server.restart()),
  };
}
