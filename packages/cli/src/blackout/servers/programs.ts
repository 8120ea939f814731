import { fork } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Host, LabError, type NodeProcess } from '@lifeguard/lab';
import type { Control, RunningServer, ServerKind } from './server.js';

/** What `http-program.js` and its like are told by their argument. Port 0: any that is free. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

export const http = programKind('HTTP server', './http-program.js', 8080);
export const grpc = programKind('gRPC server', './grpc-program.js', 50051);
export const tcp = programKind('TCP server', './tcp-program.js', 4000);

/** A server of Node.js, in a program of ours: where the protocol has no server that everybody runs. */
function programKind(title: string, program: string, usualPort: number): ServerKind {
  const file = fileURLToPath(new URL(program, import.meta.url));
  return {
    title,
    async start(where, known) {
      if (where === 'loopback') return startOnLoopback(title, file);
      const listening = { host: where.address, port: known?.port ?? usualPort };
      return runningAt(listening, await HostedProgram.start(where, file, listening));
    },
  };
}

function runningAt({ host, port }: Listening, control: Control): RunningServer {
  return { address: { host, port, user: '', password: '', database: '' }, control };
}

class HostedProgram implements Control {
  readonly #start: () => Promise<NodeProcess>;
  #process: NodeProcess;

  private constructor(start: () => Promise<NodeProcess>, process: NodeProcess) {
    this.#start = start;
    this.#process = process;
  }

  static async start(host: Host, file: string, listening: Listening): Promise<HostedProgram> {
    const start = async () => {
      const process = await host.node(file, [JSON.stringify(listening)], { stdio: ['ignore', 'ignore', 'pipe'] });
      await untilListening(process.messages, text(process.stderr));
      return process;
    };
    return new HostedProgram(start, await start());
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process.exited;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await this.#start();
  }

  freeze(): Promise<void> {
    return this.#process.freeze();
  }

  thaw(): Promise<void> {
    return this.#process.thaw();
  }

  close(): Promise<void> {
    return this.kill();
  }
}

/** It ends with us, for it ends when the channel to us does. Nothing is done to it there. */
async function startOnLoopback(title: string, file: string): Promise<RunningServer> {
  const child = fork(file, [JSON.stringify({ host: LOOPBACK, port: 0 })], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const port = await untilListening(child, child.stderr ? text(child.stderr) : Promise.resolve(''));
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const never = async () => {
    throw new LabError(`nothing is done to the ${title} where there is no lab`);
  };
  const control = { kill: close, close, stop: never, restart: never, freeze: never, thaw: never };
  return runningAt({ host: LOOPBACK, port }, control);
}

/** @returns the port that it listens on */
async function untilListening(messages: EventEmitter, lastWords: Promise<string>): Promise<number> {
  const failed = lastWords.then((words) => {
    throw new LabError(`the server has ended: ${words.trim() || 'it does not say why'}`);
  });
  const [port] = (await Promise.race([once(messages, 'message'), failed])) as [number];
  failed.catch(() => {});
  return port;
}
