import { hostname } from 'node:os';
import { Audience, type Listener, serverSentEvent } from './audience.js';
import { Observer } from './observer.js';
import { makePage } from './page.js';
import type { StatusReport, StatusTick } from './report.js';

const SAMPLE_MILLIS = 1000;

/** What is behind a page: one observer, one clock, and those who look. */
export class Site {
  /** Made at once: if a file were missing, that had better be known when the program starts. */
  readonly page = makePage();
  readonly #audience = new Audience();
  readonly #observer = new Observer((event) => this.#audience.tell('event', event));
  readonly #clock = setInterval(() => this.#tick(), SAMPLE_MILLIS).unref();
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  report(): StatusReport {
    const history = Object.fromEntries(
      Array.from(this.#observer.pools(), ({ id, history }) => [id, history.columns()]),
    );
    const events = this.#observer.log.all();
    return { ...this.#now(), process: { pid: process.pid, host: hostname(), node: process.version }, history, events };
  }

  /**
   * Sends everything at once, then what is new as it comes.
   *
   * @returns what ends that
   */
  follow(listener: Listener): () => void {
    listener.send(serverSentEvent('report', this.report()));
    return this.#audience.add(listener);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#clock);
    this.#audience.end();
    this.#observer.stop();
  }

  /** The kernel is asked only if somebody looks. */
  #tick(): void {
    this.#observer.sample(Date.now());
    if (!this.#audience.isEmpty) this.#audience.tell('tick', this.#now());
  }

  #now(): StatusTick {
    return { at: Date.now(), pools: this.#observer.status() };
  }
}
