import type { Host } from './host.js';
import type { NodeProcess } from './process.js';

export interface Seen {
  readonly received: string;
  readonly ended: boolean;
  readonly error: string | undefined;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The other end of `endpoint.fixture.mjs`: sockets on a host, at a test's command. */
export class Endpoint {
  readonly process: NodeProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(process: NodeProcess) {
    this.process = process;
    process.messages.on('message', (message) => {
      const reply = message as Reply;
      this.#waiting.get(reply.id)?.(reply);
    });
  }

  static async on(host: Host): Promise<Endpoint> {
    const program = new URL('./endpoint.fixture.mjs', import.meta.url);
    return new Endpoint(await host.node(program, [], { stdio: 'inherit' }));
  }

  listen(port: number): Promise<void> {
    return this.#call('listen', port);
  }

  /** `'connected'`, an error's code, or `'nothing'` if neither came in time. */
  connect(host: string, port: number, millis = 5_000): Promise<string> {
    return this.#call('connect', host, port, millis);
  }

  send(text: string): Promise<void> {
    return this.#call('send', text);
  }

  seen(): Promise<Seen> {
    return this.#call('seen');
  }

  hangUp(): Promise<void> {
    return this.#call('hangUp');
  }

  bindDatagrams(port: number): Promise<void> {
    return this.#call('bindDatagrams', port);
  }

  datagrams(): Promise<number> {
    return this.#call('datagrams');
  }

  sendDatagrams(host: string, port: number, count: number): Promise<void> {
    return this.#call('sendDatagrams', host, port, count);
  }

  async #call<Result>(operation: string, ...args: (string | number)[]): Promise<Result> {
    const id = ++this.#calls;
    const answered = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    await this.process.send({ id, operation, args });
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${operation}: ${error}`);
    return result as Result;
  }
}
