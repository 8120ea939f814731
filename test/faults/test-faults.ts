import { type Host, Lab } from '@lifeguard/lab';
import { test } from 'vitest';
import { type Cell, Cells } from './cells.js';
import { FAULTS, type Fault, type Scene, type Server } from './fault.js';
import { monotonicMillis, type Promises, Service } from './service.js';

/** The servers of one kind on a host, plain and over TLS. */
export interface Servers extends Server {
  /** What their clients must know. */
  readonly access: object;
}

export interface Matrix extends Promises {
  /** Whose matrix it is, for the report. */
  readonly adapter: string;
  /** The service on the host `app`. */
  readonly program: URL;
  /** Why no server can be started here. */
  readonly unavailable?: string | undefined;
  /** Starts servers that are always the same: so that clients find them again after a power failure. */
  start(host: Host): Promise<Servers>;
  /** Whether the faults come one after the other to the same servers, because they are slow to start. Default: no. */
  readonly isSlowToStart?: boolean;
}

/** Of servers that are slow to start: those that leave them running, and those that don't. */
const GROUPS = [
  ['silent drop', 'peer’s NIC down', 'local NIC disabled', 'local NIC removed', 'packets rejected with ICMP'],
  ['server process killed', 'peer powered off'],
].map((names) => FAULTS.filter(({ name }) => names.includes(name)));

/** Every fault of the matrix, by every state that a service has clients in. */
export async function testFaults(matrix: Matrix): Promise<void> {
  const possible = await arePossible(matrix);
  const cells = new Cells(matrix.adapter);
  const groups = matrix.isSlowToStart ? GROUPS : FAULTS.map((fault) => [fault]);

  test.skipIf(!possible).concurrent.each(groups.map((faults) => [faults.map(({ name }) => name).join(', '), faults]))(
    '%s: everybody is told in time, no dead connection is used, all are served again, nothing is left',
    async (_, faults) => {
      await using lab = await Lab.create();
      const [app, db] = [await lab.host('app'), await lab.host('db')];
      const startServer = () => matrix.start(db);
      const servers = await startServer();
      const scene: Scene = { lab, app, db, server: servers, startServer };
      for (const fault of faults as Fault[]) {
        const service = await Service.start(app, matrix.program, servers.access, matrix);
        for (const cell of (await suffer(fault, scene, [service])).flat()) cells.add(cell);
      }
    },
  );
}

/** Whether the faults of an adapter can be tried on this machine. Says why, if not. */
export async function arePossible({ adapter, unavailable }: Pick<Matrix, 'adapter' | 'unavailable'>): Promise<boolean> {
  const reason = (await Lab.available()) ?? unavailable;
  if (reason) console.warn(`left out: faults of ${adapter}, because ${reason}`);
  return process.env['CI'] === 'true' || reason === undefined;
}

/** Applies a fault to services, and heals it: expects that all they promise is kept. What became of each, in the same order. */
export async function suffer(fault: Fault, scene: Scene, services: readonly Service[]): Promise<(readonly Cell[])[]> {
  const beganAt = monotonicMillis();
  await fault.apply(scene);
  await Promise.all(services.map((service) => service.expectTold(fault, beganAt)));
  await fault.heal(scene);
  return Promise.all(services.map((service) => service.expectServed(fault)));
}
