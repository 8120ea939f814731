// How the command talks with its programs on the hosts: both ends of it.
import type { NodeProcess } from '@lifeguard/lab';

/** What a program does at command. */
export type Operations = Readonly<Record<string, (...args: never[]) => unknown>>;

interface Call {
  readonly id: number;
  readonly operation: string;
  readonly args: readonly never[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What a program tells without being asked. */
interface News<N> {
  readonly news: N;
}

/** Does what the parent process calls for, and ends with it. */
export function serve(operations: Operations): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, operation, args }: Call) => {
    process.send?.({ id, ...(await attempt(operations, operation, args)) } satisfies Answer);
  });
}

export function tell<N>(news: N): void {
  process.send?.({ news } satisfies News<N>);
}

async function attempt(operations: Operations, operation: string, args: readonly never[]): Promise<Omit<Answer, 'id'>> {
  try {
    return { result: await operations[operation]?.(...args) };
  } catch (error) {
    return { error: error instanceof Error ? String(error.stack) : String(error) };
  }
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A program that `serve`s, as the parent sees it. */
export class Remote<O extends Operations, N = never> {
  readonly #process: NodeProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor(process: NodeProcess, hear: (news: N) => void = () => {}) {
    this.#process = process;
    process.messages.on('message', (message) => {
      const told = message as Answer | News<N>;
      if ('news' in told) hear(told.news);
      else this.#settle(told);
    });
    void process.exited.then(({ code, signal }) => this.#refuseAll(`the program has ended with ${code ?? signal}`));
  }

  /** Rejects with what the operation throws, or when the program has ended. */
  async call<Name extends keyof O & string>(
    operation: Name,
    ...args: Parameters<O[Name]>
  ): Promise<Awaited<ReturnType<O[Name]>>> {
    const id = this.#calls++;
    const answered = new Promise<Awaited<ReturnType<O[Name]>>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#process.send({ id, operation, args }).catch((error: unknown) => this.#settle({ id, error: String(error) }));
    return answered;
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new Error(error));
  }

  #refuseAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
