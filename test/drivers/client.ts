import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Host, LabProcess } from '@lifeguard/lab';
import type { Driver } from './drivers.js';
import type { Profile } from './profile.js';
import type { Servers } from './servers.js';

const PROGRAM = fileURLToPath(new URL('../client.mjs', import.meta.url));
const REGISTER = fileURLToPath(import.meta.resolve('@lifeguard/register'));
const OPEN_WITHIN_MILLIS = 60_000;

/** One call that failed: one that waited for its answer at the cut, or one that was made after it. */
export interface Failure {
  readonly call: 'waiting' | 'calling';
  /** Its code, or else its message. */
  readonly error: string;
  /** Of `performance.now()`. */
  readonly at: number;
}

export interface ClientOptions {
  /** The executable of Node.js. */
  readonly node: string;
  readonly profile: Profile;
}

type Message =
  | { readonly open: true; readonly calls: number }
  | { readonly failed: Failure['call']; readonly error: string };

/** A driver's program, on a host of the lab. */
export class Client {
  readonly driver: Driver;
  readonly failures: Failure[] = [];
  readonly #process: LabProcess;
  readonly #changed = new EventTarget();
  /** How many calls are under way, or made again and again. */
  #calls = 0;
  #isOpen = false;
  #complaints = '';

  private constructor(driver: Driver, process: LabProcess) {
    this.driver = driver;
    this.#process = process;
    createInterface(process.stdout).on('line', (line) => this.#hear(line));
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    process.exited.then(() => this.#tell());
  }

  static async start(host: Host, driver: Driver, servers: Servers, options: ClientOptions): Promise<Client> {
    const { node, profile } = options;
    const args = ['--import', REGISTER, PROGRAM, driver.program, JSON.stringify(servers)];
    return new Client(driver, await host.spawn(node, args, { env: { ...profile.env, LIFEGUARD_LOG_LEVEL: 'warn' } }));
  }

  /** Calls that were under way, or were made again and again, and that have not failed. */
  get unfailed(): number {
    return this.#calls - this.failures.length;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Settles when it has called its server, or begun to connect to one that doesn't answer. */
  async opened(): Promise<void> {
    await this.#until(() => this.#isOpen, OPEN_WITHIN_MILLIS);
    if (!this.#isOpen) throw new Error(`${this.driver.name} did not connect: ${this.#complaints.trim()}`);
  }

  /** Settles when all its calls have failed, or the time is up, or it has ended. */
  async failed(timeoutMillis: number): Promise<void> {
    await this.#until(() => this.unfailed === 0, timeoutMillis);
  }

  async end(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  #hear(line: string): void {
    // A driver may write to stdout, too.
    if (!line.startsWith('{')) return;
    const message = JSON.parse(line) as Message;
    if ('open' in message) {
      this.#isOpen = true;
      this.#calls = message.calls;
    } else this.failures.push({ call: message.failed, error: message.error, at: performance.now() });
    this.#tell();
  }

  #tell(): void {
    this.#changed.dispatchEvent(new Event('change'));
  }

  #until(condition: () => boolean, timeoutMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMillis);
      const look = () => {
        if (!condition() && this.#process.running) return;
        clearTimeout(timer);
        this.#changed.removeEventListener('change', look);
        resolve();
      };
      this.#changed.addEventListener('change', look);
      look();
    });
  }
}
