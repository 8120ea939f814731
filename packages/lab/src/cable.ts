import { LabError } from './errors.js';
import type { Host } from './host.js';
import { OBLIVIONS, type Oblivion } from './oblivion.js';
import { REJECTIONS, type Rejection, type Router } from './router.js';

/** Which packets: `'both'` directions, or `'app->db'`, those that the host `app` sends to the host `db`. */
export type Direction = 'both' | `${string}->${string}`;

/** Which packets a cable loses. */
export interface DropOptions {
  /** Default: both. */
  readonly direction?: Direction;
  /** How many of a hundred packets are lost, each by chance: 0 to 100, in steps of 0.01. Default: all of them. */
  readonly percent?: number;
}

/** Which packets a cable rejects, and how. */
export interface RejectOptions {
  /** Default: both. */
  readonly direction?: Direction;
  /** What the sender of a packet gets for an answer. Default: host-unreachable. */
  readonly with?: Rejection;
}

/** How a cable forgets. */
export interface ForgetOptions {
  /** What the sender of a packet gets for an answer, on a connection that was forgotten. Default: silence. */
  readonly with?: Oblivion;
}

type Pair = readonly [from: number, to: number];

/**
 * What connects two hosts. Its faults are made by the router between them, for IPv4 and IPv6, for new and for existing
 * connections; neither host sees its link go down. A fault replaces the one before in the directions that it names.
 */
export class Cable {
  readonly #ends: readonly [Host, Host];
  readonly #router: Router;

  /** @internal */
  constructor(ends: readonly [Host, Host], router: Router) {
    this.#ends = ends;
    this.#router = router;
  }

  /** From now on every packet is lost, silently. */
  async cut(): Promise<void> {
    await this.drop();
  }

  /** Packets are lost, silently: all or some, in one direction or both. */
  async drop({ direction = 'both', percent = 100 }: DropOptions = {}): Promise<void> {
    if (!(percent >= 0 && percent <= 100)) throw new LabError(`percent is ${percent}, and must be 0 to 100`);
    await this.#router.setFault(this.#pairs(direction), { drop: percent });
  }

  /** No packet arrives, and the router tells its sender so, each time. */
  async reject({ direction = 'both', with: answer = 'host-unreachable' }: RejectOptions = {}): Promise<void> {
    check('with', answer, REJECTIONS);
    await this.#router.setFault(this.#pairs(direction), { reject: answer });
  }

  /**
   * The TCP connections that there are are forgotten, as by a NAT or a load balancer that has lost its table: what is sent on them does
   * not arrive, in either direction. Those that are opened from now on work. Lasts until `heal`.
   */
  async forget({ with: oblivion = 'silence' }: ForgetOptions = {}): Promise<void> {
    check('with', oblivion, OBLIVIONS);
    await this.#router.setFault(this.#pairs('both'), undefined);
    await this.#router.setOblivion(this.#indexes(), oblivion);
  }

  /** As new: every packet arrives, in both directions. */
  async heal(): Promise<void> {
    await this.#router.setFault(this.#pairs('both'), undefined);
    await this.#router.setOblivion(this.#indexes(), undefined);
  }

  #indexes(): Pair {
    const [a, b] = this.#ends;
    return [a.index, b.index];
  }

  #pairs(direction: Direction): Pair[] {
    const [a, b] = this.#ends;
    const pairs = new Map<Direction, Pair[]>([
      [`${a.name}->${b.name}`, [[a.index, b.index]]],
      [`${b.name}->${a.name}`, [[b.index, a.index]]],
    ]);
    if (direction === 'both') return [...pairs.values()].flat();
    check('direction', direction, ['both', ...pairs.keys()]);
    return pairs.get(direction) ?? [];
  }
}

/** @throws {LabError} that names what is allowed */
function check(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new LabError(`${name} is '${value}', and must be ${CHOICE.format(allowed)}`);
}

const CHOICE = new Intl.ListFormat('en-GB', { type: 'disjunction' });
