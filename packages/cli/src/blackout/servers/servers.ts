import type { ServerName } from '../drivers/driver.js';
import { mariadb, nats, postgres, rabbitmq, redis } from './lab-servers.js';
import { grpc, http, tcp } from './programs.js';
import type { ServerKind } from './server.js';

export const SERVERS: Readonly<Record<ServerName, ServerKind>> = {
  postgres,
  mariadb,
  redis,
  rabbitmq,
  nats,
  http,
  grpc,
  tcp,
};
