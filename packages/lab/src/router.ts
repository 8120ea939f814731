import { addresses } from './address.js';
import { run } from './command.js';
import { Keeper } from './keeper.js';
import { type Oblivion, oblivionTable, withoutTable } from './oblivion.js';
import { tool } from './tools.js';

/** What the router answers instead of forwarding: an ICMP or ICMPv6 error, or to TCP a reset. */
export type Rejection = 'host-unreachable' | 'net-unreachable' | 'admin-prohibited' | 'port-unreachable' | 'tcp-reset';

export const REJECTIONS = [
  'host-unreachable',
  'net-unreachable',
  'admin-prohibited',
  'port-unreachable',
  'tcp-reset',
] as const satisfies readonly Rejection[];

/** What becomes of packets, if they are not forwarded. */
export type Fault = { readonly drop: number } | { readonly reject: Rejection };

/**
 * Shell commands that prepare a network for IPv6: addresses are good at once (no duplicate address detection) and
 * come from nobody else.
 */
export const PREPARE_IPV6 = `
[ -d /proc/sys/net/ipv6 ] || { echo 'this kernel has no IPv6' >&2; exit 1; }
for scope in all default; do
  echo 0 > /proc/sys/net/ipv6/conf/$scope/disable_ipv6
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_ra
done
`;

// Linux sends a host one ICMP error a second. Without that limit every rejected packet is answered.
const SETUP = `
${PREPARE_IPV6}
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
echo 0 > /proc/sys/net/ipv6/icmp/ratelimit
`;

/**
 * The middle of the lab: a network namespace with one port for each host, which forwards between them, and at which all
 * faults of cables are made. A port outlives what is plugged into it, as that of a real switch does: so packets for a
 * host without power are answered as in life, by host-unreachable when ARP has found nobody for three seconds.
 */
export class Router {
  readonly keeper: Keeper;
  readonly #faults = new Map<string, { from: number; to: number; fault: Fault }>();
  /** The tables that are there. */
  readonly #oblivions = new Set<string>();
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(keeper: Keeper) {
    this.keeper = keeper;
  }

  static async start(): Promise<Router> {
    const router = new Router(await Keeper.start({ network: true, setup: SETUP }));
    try {
      await router.#tryRules();
      return router;
    } catch (error) {
      await router.keeper.kill();
      throw error;
    }
  }

  /** Makes the port of host `index`, and a NIC that fits, which `plug` puts into the host. */
  async addPort(index: number): Promise<void> {
    const { router, router6 } = addresses(index);
    // One segment a packet, as on a real wire: otherwise a lost packet could be 64 KB of a stream.
    await this.#ip([
      `link add ${port(index)} gso_max_segs 1 type veth peer name ${spareNic(index)}`,
      `addr add ${router}/24 dev ${port(index)}`,
      `addr add ${router6}/64 dev ${port(index)} nodad`,
      `link set ${port(index)} up`,
    ]);
  }

  /** Hands the NIC of host `index` to the host. */
  async plug(index: number, host: Keeper): Promise<void> {
    await this.#ip([`link set ${spareNic(index)} netns ${host.pid} name ${NIC}`]);
  }

  /** Takes the NIC of host `index` away. The host sees it removed; here it waits for `plug`. */
  async unplug(index: number, host: Keeper): Promise<void> {
    await ip(host, [`link set ${NIC} netns ${this.keeper.pid} name ${spareNic(index)}`]);
  }

  /** What becomes of packets from one host to another, from now on. Undefined: they are forwarded. */
  async setFault(
    directions: readonly (readonly [from: number, to: number])[],
    fault: Fault | undefined,
  ): Promise<void> {
    for (const [from, to] of directions) {
      const key = `${from}-${to}`;
      if (fault === undefined) this.#faults.delete(key);
      else this.#faults.set(key, { from, to, fault });
    }
    await this.#change(() => this.#ruleset());
  }

  /** Between two hosts only connections that are opened from now on are forwarded. Undefined: all are again. */
  async setOblivion([one, other]: readonly [number, number], oblivion: Oblivion | undefined): Promise<void> {
    const table = `oblivion-${Math.min(one, other)}-${Math.max(one, other)}`;
    if (oblivion !== undefined) {
      this.#oblivions.add(table);
      await this.#change(() => oblivionTable(table, [port(one), port(other)], oblivion));
    } else if (this.#oblivions.delete(table)) {
      await this.#change(() => `${withoutTable(table).join('\n')}\n`);
    }
  }

  /** One after the other, each with all that is wanted by then: the last one wins, in the kernel too. */
  async #change(ruleset: () => string): Promise<void> {
    const change = this.#lastChange.then(() => this.#nft(ruleset()));
    this.#lastChange = change.catch(() => {});
    await change;
  }

  #ruleset(): string {
    const rules = [...this.#faults.values()].flatMap(({ from, to, fault }) =>
      statements(fault).map((statement) => `iifname ${port(from)} oifname ${port(to)} ${statement}`),
    );
    return [
      ...withoutTable('lab'),
      'table inet lab {',
      'chain cables {',
      'type filter hook forward priority filter; policy accept;',
      ...rules,
      '}',
      '}',
      '',
    ].join('\n');
  }

  // What this kernel's nftables lack is said when the lab is made, not in the midst of a test.
  async #tryRules(): Promise<void> {
    const faults: Fault[] = [{ drop: 1 }, { drop: 100 }, { reject: 'tcp-reset' }, { reject: 'host-unreachable' }];
    const rules = faults.flatMap(statements).join('\n');
    await this.#nft(`table inet trial {\nchain trial {\n${rules}\n}\n}\ndelete table inet trial\n`);
  }

  async #nft(ruleset: string): Promise<void> {
    await run([...this.keeper.inside('net'), tool('nft'), '-f', '-'], ruleset);
  }

  async #ip(commands: readonly string[]): Promise<void> {
    await ip(this.keeper, commands);
  }
}

/** The name of the only NIC on every host. */
export const NIC = 'eth0';

/** Runs commands of `ip` in a network, one after the other until one fails. */
export async function ip(network: Keeper, commands: readonly string[]): Promise<void> {
  await run([...network.inside('net'), tool('ip'), '-batch', '-'], `${commands.join('\n')}\n`);
}

function port(index: number): string {
  return `port${index}`;
}

function spareNic(index: number): string {
  return `spare${index}`;
}

const ICMP_TYPES = {
  'host-unreachable': 'host-unreachable',
  'net-unreachable': 'no-route',
  'admin-prohibited': 'admin-prohibited',
  'port-unreachable': 'port-unreachable',
} as const;

function statements(fault: Fault): string[] {
  if ('reject' in fault) return rejections(fault.reject);
  return fault.drop === 100 ? ['drop'] : [`numgen random mod 10000 < ${Math.round(fault.drop * 100)} drop`];
}

function rejections(answer: Rejection): string[] {
  if (answer === 'tcp-reset')
    return ['meta l4proto tcp reject with tcp reset', 'reject with icmpx type port-unreachable'];
  return [`reject with icmpx type ${ICMP_TYPES[answer]}`];
}
