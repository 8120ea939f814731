import { readFileSync } from 'node:fs';

/** Where a driver's program connects to: a real server, or a listener that accepts the connection and says nothing. */
export type ServerKind = 'PostgreSQL' | 'MariaDB' | 'Redis' | 'RabbitMQ' | 'NATS' | 'Node.js server' | 'listener';

export interface Driver {
  /** As it is imported, or what of Node.js it is. */
  readonly name: string;
  /** Its program, in `programs`. */
  readonly program: string;
  readonly server: ServerKind;
  /** Of Node.js itself: its version is that of Node.js. */
  readonly isBuiltIn: boolean;
}

const PACKAGES: readonly (readonly [name: string, server: ServerKind, program?: string])[] = [
  ['pg', 'PostgreSQL'],
  ['pg-pool', 'PostgreSQL'],
  ['postgres', 'PostgreSQL'],
  ['knex', 'PostgreSQL'],
  ['sequelize', 'PostgreSQL'],
  ['@prisma/adapter-pg', 'PostgreSQL', 'prisma-adapter-pg'],
  ['mysql2', 'MariaDB'],
  ['mariadb', 'MariaDB'],
  ['ioredis', 'Redis'],
  ['redis', 'Redis'],
  ['amqplib', 'RabbitMQ'],
  ['nats', 'NATS'],
  ['@nats-io/transport-node', 'NATS', 'nats-transport-node'],
  ['@grpc/grpc-js', 'Node.js server', 'grpc-js'],
  ['undici', 'Node.js server'],
  ['axios', 'Node.js server'],
  ['@aws-sdk/client-s3', 'Node.js server', 'aws-s3'],
  ['tedious', 'listener'],
  ['mssql', 'listener'],
  ['mongodb', 'listener'],
  ['kafkajs', 'listener'],
  ['cassandra-driver', 'listener'],
  ['memjs', 'listener'],
  ['ssh2', 'listener'],
  ['nodemailer', 'listener'],
  ['ldapts', 'listener'],
  ['mqtt', 'listener'],
];
const BUILT_IN: readonly (readonly [name: string, program: string])[] = [
  ['fetch', 'fetch'],
  ['http.Agent', 'http'],
  ['https.Agent', 'https'],
];

export const DRIVERS: readonly Driver[] = [
  ...PACKAGES.map(([name, server, program = name]) => ({ name, program, server, isBuiltIn: false })),
  ...BUILT_IN.map(([name, program]) => ({ name, program, server: 'Node.js server' as const, isBuiltIn: true })),
];

/** The installed version of a driver that is a package. */
export function versionOf({ name }: Driver): string {
  const manifest = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
