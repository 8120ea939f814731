import { fileURLToPath } from 'node:url';
import { addresses } from './address.js';
import { LabError } from './errors.js';
import { Keeper } from './keeper.js';
import { enterNetwork } from './namespace.js';
import { Nic } from './nic.js';
import { type LabProcess, launch, launchNode, type NodeProcess, type SpawnOptions } from './process.js';
import { PREPARE_IPV6, type Router } from './router.js';

/** A computer of the lab: a network, processes and shared memory of its own, and the files of this machine. */
export class Host {
  readonly name: string;
  /** IPv4. */
  readonly address: string;
  /** IPv6. */
  readonly address6: string;
  readonly nic: Nic;
  /** @internal */
  readonly index: number;
  readonly #router: Router;
  readonly #processes = new Set<LabProcess>();
  /** Undefined while it has no power. */
  #keeper: Keeper | undefined;

  private constructor(name: string, index: number, router: Router) {
    this.name = name;
    this.index = index;
    this.address = addresses(index).host;
    this.address6 = addresses(index).host6;
    this.nic = new Nic(index, router, () => this.#running());
    this.#router = router;
  }

  /** @internal */
  static async create(name: string, index: number, router: Router): Promise<Host> {
    const host = new Host(name, index, router);
    await router.addPort(index);
    await host.powerOn();
    return host;
  }

  /** Whether it has power. */
  get powered(): boolean {
    return this.#keeper !== undefined;
  }

  /**
   * Starts a program on the host. Settles when it is a process of the host.
   * @throws LabError if there is no such command, or the host has no power
   */
  async spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<LabProcess> {
    return this.#watch(await launch(this.#running().inside('all'), [command, ...args], options));
  }

  /** Starts a Node.js program on the host, with a channel for messages to and from it. */
  async node(file: string | URL, args: readonly string[] = [], options: SpawnOptions = {}): Promise<NodeProcess> {
    const path = file instanceof URL ? fileURLToPath(file) : file;
    return this.#watch(await launchNode(this.#running().inside('all'), [path, ...args], options));
  }

  /**
   * From here on, until the returned function is called, the calling process itself is on the host: what sockets its
   * main thread makes are sockets of the host. Those that it has stay where they are. Names are looked up by other
   * threads, so use addresses. Mind that Node makes a socket some ticks after `connect` was called: leave when it is
   * connected. And leave before the lab is closed: a network lives as long as somebody is in it.
   *
   * @throws LabError on a worker thread, and where the lab was made without root: the kernel lets no process of several
   * threads, as every Node.js process is, enter a user namespace
   */
  enter(): () => void {
    const keeper = this.#running();
    if (keeper.rootless) {
      throw new LabError(
        'only root can enter a host: run this program under `unshare --user --map-root-user --net --mount`, ' +
          'or run a program of its own on the host with node()',
      );
    }
    return enterNetwork(keeper.pid);
  }

  /**
   * Cuts the power: first the wire is dead, then every process, so that no FIN and no RST gets out. All that was in its
   * memory and in its private folder is lost. A process that has entered the host lives on, without a network.
   */
  async powerOff(): Promise<void> {
    const keeper = this.#running();
    await this.nic.remove();
    await this.#stop(keeper);
  }

  /** The host again, with the same addresses, and no process running. */
  async powerOn(): Promise<void> {
    if (this.powered) throw new LabError(`the host ${this.name} has power`);
    this.#keeper = await Keeper.start({ network: true, setup: PREPARE_IPV6, beside: this.#router.keeper });
    await this.nic.up();
  }

  /** @internal */
  async close(): Promise<void> {
    if (this.#keeper !== undefined) await this.#stop(this.#keeper);
  }

  async #stop(keeper: Keeper): Promise<void> {
    this.#keeper = undefined;
    const ended = [...this.#processes].map((process) => process.exited);
    const gone = keeper.kill();
    for (const process of this.#processes) process.release();
    await Promise.all([gone, ...ended]);
  }

  #watch<P extends LabProcess>(process: P): P {
    this.#processes.add(process);
    process.exited.then(() => this.#processes.delete(process));
    return process;
  }

  #running(): Keeper {
    if (this.#keeper === undefined) throw new LabError(`the host ${this.name} has no power`);
    return this.#keeper;
  }
}
