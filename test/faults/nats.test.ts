import { type Host, type NatsServer, natsUnavailable, startNats } from '@lifeguard/lab';
import { testFaults } from './broker-matrix.js';

const PORTS = { port: 4222, tlsPort: 4223 };
/** The same after a power failure. */
const settings = { authorization: '{ user: "app", password: "known" }' };

await testFaults({
  adapter: 'nats',
  program: new URL('./nats-client.mjs', import.meta.url),
  unavailable: natsUnavailable(),
  // 2 packages x 2 transports x 4 connections.
  sockets: 16,
  ends: /^(disconnect|connection disconnected|DISCONNECT|timeout|TIMEOUT|connection refused|CONNECTION_REFUSED|connect E)/,
  start: async (host) => {
    const servers = await start(host);
    return {
      access: { host: host.address, ...PORTS, user: 'app', pass: 'known' },
      kill: () => all(servers, (server) => server.kill()),
      restart: () => all(servers, (server) => server.restart()),
    };
  },
});

function start(host: Host): Promise<NatsServer[]> {
  const { port, tlsPort } = PORTS;
  return Promise.all([startNats(host, { port, settings }), startNats(host, { port: tlsPort, tls: true, settings })]);
}

async function all(servers: readonly NatsServer[], step: (server: NatsServer) => Promise<void>): Promise<void> {
  await Promise.all(servers.map(step));
}
