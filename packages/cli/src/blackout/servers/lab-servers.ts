import { randomUUID } from 'node:crypto';
import { startMariaDb, startNats, startPostgres, startRabbitMq, startRedis } from '@lifeguard/lab';
import type { Address } from '../drivers/driver.js';
import type { RunningServer, ServerKind } from './server.js';

/** What a server of the lab says of itself. */
type Facts = Pick<Address, 'host' | 'port'> & Partial<Address>;

function running(server: Facts & RunningServer['control']): RunningServer {
  const { host, port, user = '', password = '', database = '' } = server;
  return { address: { host, port, user, password, database }, control: server };
}

/** What stays the same if it takes the place of another. */
function placeOf(known: Address | undefined) {
  return known === undefined ? {} : { port: known.port, password: known.password };
}

export const postgres: ServerKind = {
  title: 'PostgreSQL',
  start: async (where, known) => running(await startPostgres(where, placeOf(known))),
};

export const mariadb: ServerKind = {
  title: 'MariaDB',
  start: async (where, known) => running(await startMariaDb(where, placeOf(known))),
};

export const redis: ServerKind = {
  title: 'Redis',
  start: async (where, known) => running(await startRedis(where, placeOf(known))),
};

export const rabbitmq: ServerKind = {
  title: 'RabbitMQ',
  start: async (where, known) => running(await startRabbitMq(where, placeOf(known))),
};

export const nats: ServerKind = {
  title: 'NATS',
  async start(where, known) {
    const { user, password } = known ?? { user: 'lab', password: randomUUID() };
    // Else it makes up another password each time.
    const settings = { authorization: `{ user: "${user}", password: "${password}" }` };
    const server = await startNats(where, { settings, ...(known && { port: known.port }) });
    return { ...running(server), address: { host: server.host, port: server.port, user, password, database: '' } };
  },
};
