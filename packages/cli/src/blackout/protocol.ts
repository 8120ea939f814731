import type { TcpOptions } from '@lifeguard/tcp';
import type { Sysctls } from '../doctor/sysctls.js';
import type { Address, Side } from './drivers/driver.js';
import type { DriverName } from './drivers/drivers.js';
import type { SocketsSample } from './page/connections.js';
import type { QueryEvent } from './workload.js';

/** The first message to a worker: which contender to open, and where its server is. */
export interface Opening {
  readonly driver: DriverName;
  readonly side: Side;
  readonly address: Address;
}

/** The second message to a worker, when all are ready. */
export const START = 'start';

/**
 * The driver has opened its connections. `tcp`: the options of one of its sockets, read back from the kernel. `sysctls`: of the
 * network that it is in.
 */
export interface Ready {
  readonly type: 'ready';
  readonly tcp: Readonly<Partial<TcpOptions>>;
  readonly sysctls?: Sysctls | undefined;
}

/** Something became of a query. */
export interface Progress {
  readonly type: 'query';
  readonly query: QueryEvent;
}

/** What the kernel knows of the process's sockets. */
export interface Sockets {
  readonly type: 'sockets';
  readonly sample: SocketsSample;
}

export type FromWorker = Ready | Progress | Sockets;
