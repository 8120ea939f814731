import type { Cable, Host } from '@lifeguard/lab';
import type { Control } from './servers/server.js';

/** What a fault can be applied to, and healed on. */
export interface Scene {
  /** Where the services run. */
  readonly app: Host;
  /** Where the servers run. */
  readonly db: Host;
  /** Between the two. */
  readonly cable: Cable;
  /** Each server on `db`. */
  controls(): readonly Control[];
  /** Starts every server where it was, after a power failure. */
  startServers(): Promise<void>;
}

/** Something that befalls the network or the server, and its end. */
export interface Scenario {
  /** For `--help`: what happens, and what ends it if that does not go without saying. */
  readonly summary: string;
  /** What goes on meanwhile, and from then on. */
  readonly during: string;
  readonly after: string;
  /** What has been, for the report. `{server}` is the server, in its users' word, `{for}` how long it took. */
  readonly past: string;
  /** Whether the client's packets leave and are lost, so that it is known how long its kernel would go on repeating them. */
  readonly lost: boolean;
  apply(scene: Scene): Promise<unknown>;
  heal(scene: Scene): Promise<unknown>;
}

const healCable = ({ cable }: Scene) => cable.heal();

/** What `--scenario` takes. */
export type ScenarioName =
  | 'silent-cut'
  | 'cut-to-server'
  | 'cut-from-server'
  | 'packet-loss'
  | 'icmp-reject'
  | 'tcp-reset'
  | 'nat-forgets'
  | 'nat-resets'
  | 'server-nic-down'
  | 'client-nic-down'
  | 'client-nic-removed'
  | 'power-off'
  | 'server-killed'
  | 'server-stopped'
  | 'server-frozen';

/** All of the lab's faults. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  'silent-cut': {
    summary: 'the cable loses every packet, silently',
    during: 'cable cut',
    after: 'cable healed',
    past: 'The cable to the {server} was cut silently for {for}, then healed.',
    lost: true,
    apply: ({ cable }) => cable.cut(),
    heal: healCable,
  },
  'cut-to-server': {
    summary: 'the cable loses what the service sends, silently; the other direction works',
    during: 'cable cut towards the server',
    after: 'cable healed',
    past: 'All that was sent to the {server} was lost silently for {for}, nothing of what it sent; then the cable was healed.',
    lost: true,
    apply: ({ cable, app, db }) => cable.drop({ direction: `${app.name}->${db.name}` }),
    heal: healCable,
  },
  'cut-from-server': {
    summary: 'the cable loses what the server sends, silently; the other direction works',
    during: 'cable cut from the server',
    after: 'cable healed',
    past: 'All that the {server} sent was lost silently for {for}, nothing of what was sent to it; then the cable was healed.',
    lost: true,
    apply: ({ cable, app, db }) => cable.drop({ direction: `${db.name}->${app.name}` }),
    heal: healCable,
  },
  'packet-loss': {
    summary: 'three packets of ten are lost, each by chance, in both directions',
    during: 'packets being lost',
    after: 'cable healed',
    past: 'Three packets of ten were lost on the cable to the {server} for {for}, by chance, then none.',
    lost: false,
    apply: ({ cable }) => cable.drop({ percent: 30 }),
    heal: healCable,
  },
  'icmp-reject': {
    summary: 'the router loses every packet and tells its sender: host unreachable',
    during: 'packets rejected by ICMP',
    after: 'packets forwarded again',
    past: 'The router rejected all packets to and from the {server} by ICMP for {for}, then forwarded them again.',
    lost: false,
    apply: ({ cable }) => cable.reject(),
    heal: healCable,
  },
  'tcp-reset': {
    summary: 'the router resets each connection on which something is sent, and each new one',
    during: 'connections reset by the router',
    after: 'packets forwarded again',
    past: 'The router reset all connections to the {server} for {for}, then forwarded packets again.',
    lost: false,
    apply: ({ cable }) => cable.reject({ with: 'tcp-reset' }),
    heal: healCable,
  },
  'nat-forgets': {
    summary: 'a NAT or load balancer forgets the connections that there are: their packets are lost, new ones work',
    during: 'connections forgotten by the NAT',
    after: 'connections remembered',
    past: 'A NAT before the {server} forgot the connections that there were, silently, for {for}; new ones worked.',
    lost: true,
    apply: ({ cable }) => cable.forget(),
    heal: healCable,
  },
  'nat-resets': {
    summary: 'the same, but it resets those on which something is sent',
    during: 'connections reset by the NAT',
    after: 'connections remembered',
    past: 'A NAT before the {server} reset the connections that there were, for {for}; new ones worked.',
    lost: false,
    apply: ({ cable }) => cable.forget({ with: 'tcp-reset' }),
    heal: healCable,
  },
  'server-nic-down': {
    summary: 'the network interface of the server’s host goes down',
    during: 'server’s network interface down',
    after: 'server’s network interface up',
    past: 'The network interface of the {server}’s host was down for {for}, then up again.',
    lost: true,
    apply: ({ db }) => db.nic.down(),
    heal: ({ db }) => db.nic.up(),
  },
  'client-nic-down': {
    summary: 'the network interface of the service’s host goes down',
    during: 'service’s network interface down',
    after: 'service’s network interface up',
    past: 'The network interface of the services’ host was down for {for}, then up again.',
    lost: false,
    apply: ({ app }) => app.nic.down(),
    heal: ({ app }) => app.nic.up(),
  },
  'client-nic-removed': {
    summary: 'the network interface of the service’s host is taken out; ended by putting it back',
    during: 'service’s network interface removed',
    after: 'service’s network interface back',
    past: 'The network interface of the services’ host was taken out for {for}, then put back.',
    lost: false,
    apply: ({ app }) => app.nic.remove(),
    heal: ({ app }) => app.nic.up(),
  },
  'power-off': {
    summary: 'the server’s host loses power, with all its connections; ended by starting another, empty server there',
    during: 'server’s host without power',
    after: 'server’s host has power again',
    past: 'The {server}’s host had no power for {for}; then it was started, and the {server} on it.',
    lost: true,
    apply: ({ db }) => db.powerOff(),
    heal: async (scene) => {
      await scene.db.powerOn();
      await scene.startServers();
    },
  },
  'server-killed': {
    summary: 'the server’s processes are killed; ended by starting it again',
    during: 'server killed',
    after: 'server started again',
    past: 'The {server} was killed, and started again after {for}.',
    lost: false,
    apply: (scene) => all(scene, (control) => control.kill()),
    heal: (scene) => all(scene, (control) => control.restart()),
  },
  'server-stopped': {
    summary: 'the server shuts down in order; ended by starting it again',
    during: 'server stopped',
    after: 'server started again',
    past: 'The {server} was stopped in order, and started again after {for}.',
    lost: false,
    apply: (scene) => all(scene, (control) => control.stop()),
    heal: (scene) => all(scene, (control) => control.restart()),
  },
  'server-frozen': {
    summary: 'the server’s processes hang (SIGSTOP), its kernel goes on; ended by letting them run',
    during: 'server frozen',
    after: 'server thawed',
    past: 'The {server} hung for {for}, with a kernel that went on, and then ran again.',
    lost: false,
    apply: (scene) => all(scene, (control) => control.freeze()),
    heal: (scene) => all(scene, (control) => control.thaw()),
  },
};

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

function all(scene: Scene, step: (control: Control) => Promise<void>): Promise<unknown> {
  return Promise.all(scene.controls().map(step));
}
