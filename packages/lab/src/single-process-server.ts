import type { LabProcess } from './process.js';
import type { Site } from './site.js';

/** A server that is one process, on a host of the lab or on this machine's loopback address. */
export abstract class SingleProcessServer implements AsyncDisposable {
  /** An IPv4 address. On a host most answer at the host's IPv6 address too. */
  readonly host: string;
  readonly #site: Site;
  readonly #serve: () => Promise<LabProcess>;
  #process: LabProcess;

  /**
   * @internal
   * @param serve starts its process; settles when that answers
   */
  protected constructor(site: Site, serve: () => Promise<LabProcess>, process: LabProcess) {
    this.host = site.address;
    this.#site = site;
    this.#serve = serve;
    this.#process = process;
  }

  /** Another one after each `restart`. */
  get process(): LabProcess {
    return this.#process;
  }

  /** Ends it at once, as the out-of-memory killer would. The kernel closes its connections. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  /** Stops it, as a stalled disk would: connections are accepted by the kernel, nothing answers. */
  async freeze(): Promise<void> {
    await this.#process.freeze();
  }

  /** Lets it go on. */
  async thaw(): Promise<void> {
    await this.#process.thaw();
  }

  /** Shuts it down in order: it may say goodbye to its clients. What it has stored stays for `restart`. */
  async stop(): Promise<void> {
    if (!this.#process.running) return;
    await this.thaw();
    this.#process.kill('SIGTERM');
    await this.#process.exited;
  }

  /**
   * Starts it again on the same data, having killed it if it runs. After a power failure there are none, and its configuration is
   * gone: start another.
   *
   * @throws LabError if it does not start
   */
  restart(): Promise<void> {
    return this.restartBy(this.#serve);
  }

  /** @internal */
  protected async restartBy(serve: () => Promise<LabProcess>): Promise<void> {
    await this.kill();
    this.#process = await serve();
  }

  /** Ends it, and removes its data. */
  async close(): Promise<void> {
    await this.kill();
    await this.#site.close();
  }

  /** For `await using`: `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
