/** Where a server is, and what it asks of its clients: empty where it asks for none. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What the workload needs of a driver's pool or client. */
export interface Client {
  /** A request that the server answers at once. */
  ask(): Promise<unknown>;
  /** One that it answers after so many seconds. Left out where the protocol has nothing of the kind. */
  wait?(seconds: number): Promise<unknown>;
}

/** One of the two that are compared. */
export interface Contender {
  /** As the report calls it. */
  readonly name: string;
  /** Made as it comes, with its defaults. Only what it needs is loaded. */
  open(address: Address): Promise<Client>;
}

export const SIDES = ['stock', 'ours'] as const;

export type Side = (typeof SIDES)[number];

/** What a server of the stage is called, see `servers/servers.ts`. */
export type ServerName = 'postgres' | 'mariadb' | 'redis' | 'rabbitmq' | 'nats' | 'http' | 'grpc' | 'tcp';

/** A driver as it comes and Lifeguard's face of it. */
export interface Driver extends Readonly<Record<Side, Contender>> {
  readonly server: ServerName;
  /** npm packages that it needs beside those of this one. */
  readonly packages: readonly string[];
  /** What its users call the server, and several requests. */
  readonly words: { readonly server: 'database' | 'server'; readonly requests: 'queries' | 'requests' };
  /** How the two were made: a sentence for the report. */
  readonly terms: string;
}

export const SQL_WORDS = { server: 'database', requests: 'queries' } as const;
export const SERVER_WORDS = { server: 'server', requests: 'requests' } as const;

/** Each pool has room for so many connections. It is the default of most. */
export const POOL_MAX = 10;
