import { MAX_HOSTS } from './address.js';
import { Cable } from './cable.js';
import { LabError, LabUnavailableError } from './errors.js';
import { Host } from './host.js';
import { mayMakeNamespaces } from './namespace.js';
import { Router } from './router.js';
import { requireTools } from './tools.js';

/**
 * A small network that exists only in this machine's kernel: hosts, joined by cables through a router, and connected to
 * nothing else. When the process that made it ends, in whatever way, all of it is gone.
 */
export class Lab implements AsyncDisposable {
  readonly #router: Router;
  /** Of all hosts, those in the making too. */
  readonly #names = new Set<string>();
  readonly #hosts = new Map<string, Host>();
  readonly #cables = new Map<string, Cable>();

  private constructor(router: Router) {
    this.#router = router;
  }

  /** @throws LabUnavailableError where this machine, or what this process may do on it, does not allow for a lab */
  static async create(): Promise<Lab> {
    if (process.platform !== 'linux')
      throw new LabUnavailableError('a lab needs Linux: it is made of network namespaces');
    requireTools(['ip', 'mount', 'nft', 'nsenter', 'setpriv', 'sh', 'unshare']);
    try {
      return new Lab(await Router.start());
    } catch (error) {
      throw new LabUnavailableError(reason(error), { cause: error });
    }
  }

  /**
   * Why no lab can be made here, in one line that says what to do about it; or undefined, if one can. Makes one to find
   * out.
   */
  static async available(): Promise<string | undefined> {
    try {
      const lab = await Lab.create();
      await lab.close();
      return undefined;
    } catch (error) {
      if (error instanceof LabUnavailableError) return error.message;
      throw error;
    }
  }

  /**
   * Adds a host.
   * @throws LabError if there is one of that name, or there are too many
   */
  async host(name: string): Promise<Host> {
    if (this.#names.has(name)) throw new LabError(`there is a host ${name} already`);
    if (this.#names.size === MAX_HOSTS) throw new LabError(`a lab has at most ${MAX_HOSTS} hosts`);
    this.#names.add(name);
    const host = await Host.create(name, this.#names.size, this.#router);
    this.#hosts.set(name, host);
    return host;
  }

  /**
   * The cable between two hosts. The order of the names does not matter: it is one cable.
   * @throws LabError if there is no host of that name
   */
  cable(one: string, other: string): Cable {
    if (one === other) throw new LabError(`a cable joins two hosts, and ${one} is one`);
    const key = [one, other].sort().join(' ');
    const cable = this.#cables.get(key) ?? new Cable([this.#get(one), this.#get(other)], this.#router);
    this.#cables.set(key, cable);
    return cable;
  }

  /** Ends every process on every host, and the hosts. Settles when all is gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
    await this.#router.keeper.kill();
  }

  /** For `await using`: `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #get(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new LabError(`there is no host ${name}`);
    return host;
  }
}

function reason(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll('\n', '; ');
  if (mayMakeNamespaces())
    return (
      `the kernel refuses to make a lab (${message}): ` +
      'in a container, run that with --privileged; otherwise see the sysctls user.max_*_namespaces'
    );
  return (
    `the kernel refuses to let an ordinary user make a lab (${message}): run as root, or allow user namespaces ` +
    '(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, ' +
    'user.max_user_namespaces)'
  );
}
