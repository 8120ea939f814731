import type { Host, Lab } from '@lifeguard/lab';

/** A server of whatever kind, on the host `db`. */
export interface Server {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** What a fault can be applied to, and healed on. */
export interface Scene {
  readonly lab: Lab;
  readonly app: Host;
  readonly db: Host;
  server: Server;
  /** Starts it where it was, after a power failure. */
  startServer(): Promise<Server>;
}

export interface Fault {
  readonly name: string;
  apply(scene: Scene): Promise<void>;
  heal(scene: Scene): Promise<void>;
  /** `code`s with which a connection that stood may end. */
  readonly ends: readonly (string | undefined)[];
  /** `code`s of the last connect error, for those who wait for a new one. */
  readonly refuses: readonly string[];
  /** Whether nothing tells the client of it, so that only the kernel's timers do. */
  readonly silent: boolean;
}

/** A connect that is not answered has no error of its own until its time is up. */
const UNANSWERED = 'ERR_POOL_CONNECT';

export const FAULTS: readonly Fault[] = [
  {
    name: 'server process killed',
    apply: ({ server }) => server.kill(),
    heal: ({ server }) => server.restart(),
    // pg has a plain error, without a code, for a connection that the server ended.
    ends: [undefined, 'ECONNRESET', 'EPIPE'],
    refuses: ['ECONNREFUSED'],
    silent: false,
  },
  {
    name: 'silent drop',
    apply: ({ lab }) => lab.cable('app', 'db').cut(),
    heal: ({ lab }) => lab.cable('app', 'db').heal(),
    ends: ['ETIMEDOUT'],
    refuses: [UNANSWERED, 'ETIMEDOUT'],
    silent: true,
  },
  {
    name: 'peer’s NIC down',
    apply: ({ db }) => db.nic.down(),
    heal: ({ db }) => db.nic.up(),
    ends: ['ETIMEDOUT', 'EHOSTUNREACH'],
    refuses: [UNANSWERED, 'ETIMEDOUT', 'EHOSTUNREACH'],
    silent: true,
  },
  {
    name: 'peer powered off',
    apply: ({ db }) => db.powerOff(),
    heal: async (scene) => {
      await scene.db.powerOn();
      scene.server = await scene.startServer();
    },
    ends: ['ETIMEDOUT', 'EHOSTUNREACH'],
    refuses: [UNANSWERED, 'ETIMEDOUT', 'EHOSTUNREACH'],
    silent: true,
  },
  {
    name: 'local NIC disabled',
    apply: ({ app }) => app.nic.down(),
    heal: ({ app }) => app.nic.up(),
    ends: ['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH'],
    refuses: [UNANSWERED, 'ENETUNREACH', 'ETIMEDOUT', 'EHOSTUNREACH'],
    silent: true,
  },
  {
    name: 'local NIC removed',
    apply: ({ app }) => app.nic.remove(),
    heal: ({ app }) => app.nic.up(),
    ends: ['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH'],
    refuses: [UNANSWERED, 'ENETUNREACH', 'ETIMEDOUT', 'EHOSTUNREACH'],
    silent: true,
  },
  {
    name: 'packets rejected with ICMP',
    apply: ({ lab }) => lab.cable('app', 'db').reject(),
    heal: ({ lab }) => lab.cable('app', 'db').heal(),
    ends: ['ETIMEDOUT', 'EHOSTUNREACH'],
    refuses: ['EHOSTUNREACH'],
    silent: true,
  },
];
