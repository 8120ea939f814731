import { addresses } from './address.js';
import { LabError } from './errors.js';
import type { Keeper } from './keeper.js';
import { ip, NIC, type Router } from './router.js';

/** The network card of a host. */
export class Nic {
  readonly #index: number;
  readonly #router: Router;
  readonly #host: () => Keeper;
  #plugged = false;

  /**
   * @internal
   * @param host the keeper of the host; throws if the host has no power
   */
  constructor(index: number, router: Router, host: () => Keeper) {
    this.#index = index;
    this.#router = router;
    this.#host = host;
  }

  /** Disables it, as `ip link set eth0 down` does: the host loses its routes, the router's port loses its carrier. */
  async down(): Promise<void> {
    const host = this.#host();
    if (!this.#plugged) throw new LabError('the NIC has been removed');
    await ip(host, [`link set ${NIC} down`]);
  }

  /** The NIC is gone from the host, as if it was pulled out. No packet leaves. */
  async remove(): Promise<void> {
    const host = this.#host();
    if (!this.#plugged) return;
    await this.#router.unplug(this.#index, host);
    this.#plugged = false;
  }

  /** As it was before `down` or `remove`: with the same addresses, routes and MAC address. */
  async up(): Promise<void> {
    const host = this.#host();
    if (!this.#plugged) await this.#router.plug(this.#index, host);
    this.#plugged = true;
    await ip(host, this.#configuration());
  }

  // `replace`, because some of it may still be there. Taking a link down removes its IPv6 addresses and all its routes.
  #configuration(): string[] {
    const { host, host6, router, router6 } = addresses(this.#index);
    return [
      'link set lo up',
      `link set ${NIC} gso_max_segs 1 up`,
      `addr replace ${host}/24 dev ${NIC}`,
      `addr replace ${host6}/64 dev ${NIC} nodad`,
      `route replace default via ${router}`,
      `route replace default via ${router6}`,
    ];
  }
}
