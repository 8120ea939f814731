import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Host, Lab, LabUnavailableError } from '@lifeguard/lab';
import type { Address, ServerName } from './drivers/driver.js';
import type { Scene } from './scenarios.js';
import type { Control, RunningServer } from './servers/server.js';
import { SERVERS } from './servers/servers.js';
import type { WorkerProcess } from './service.js';

/** Where the services and their servers run. */
export interface Stage {
  /** What a fault can be applied to; or why there is none. */
  readonly scene: Scene | { readonly missing: string };
  /**
   * Starts a server, unless it runs already.
   * @throws LabError if it can't be had
   */
  server(name: ServerName): Promise<Address>;
  startWorker(): Promise<WorkerProcess>;
  /** Ends all that runs there. Settles when it is gone. */
  close(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

type Say = (doing: string) => void;

/**
 * A lab; where none can be made, this machine itself.
 * @param say is told what takes a moment
 */
export async function openStage(say: Say): Promise<Stage> {
  say('making a network of two hosts, app and db');
  try {
    return await LabStage.open(await Lab.create(), say);
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    say(`no lab can be made here: ${error.message}`);
    return new LoopbackStage(error.message, say);
  }
}

/** The services on one host, all servers on the other. */
class LabStage implements Stage {
  readonly scene: Scene;
  readonly #lab: Lab;
  readonly #app: Host;
  readonly #servers: Servers;

  private constructor(lab: Lab, app: Host, db: Host, say: Say) {
    const servers = new Servers(db, say);
    this.#lab = lab;
    this.#app = app;
    this.#servers = servers;
    this.scene = {
      app,
      db,
      cable: lab.cable(app.name, db.name),
      controls: () => servers.controls(),
      startServers: () => servers.startAgain(),
    };
  }

  static async open(lab: Lab, say: Say): Promise<LabStage> {
    try {
      const [app, db] = await Promise.all([lab.host('app'), lab.host('db')]);
      return new LabStage(lab, app, db, say);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  server(name: ServerName): Promise<Address> {
    return this.#servers.start(name);
  }

  startWorker(): Promise<WorkerProcess> {
    return this.#app.node(WORKER, [], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  close(): Promise<void> {
    return this.#lab.close();
  }
}

class LoopbackStage implements Stage {
  readonly scene: { readonly missing: string };
  readonly #servers: Servers;
  readonly #workers = new Set<ForkedWorker>();

  constructor(missing: string, say: Say) {
    this.scene = { missing };
    this.#servers = new Servers('loopback', say);
  }

  server(name: ServerName): Promise<Address> {
    return this.#servers.start(name);
  }

  async startWorker(): Promise<WorkerProcess> {
    const worker = new ForkedWorker();
    this.#workers.add(worker);
    return worker;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
    await this.#servers.close();
  }
}

/** Those of one host: each is started once, whoever asks. */
class Servers {
  readonly #where: Host | 'loopback';
  readonly #say: Say;
  readonly #starting = new Map<ServerName, Promise<Address>>();
  readonly #running = new Map<ServerName, RunningServer>();

  constructor(where: Host | 'loopback', say: Say) {
    this.#where = where;
    this.#say = say;
  }

  start(name: ServerName): Promise<Address> {
    const starting = this.#starting.get(name) ?? this.#start(name);
    this.#starting.set(name, starting);
    return starting;
  }

  controls(): Control[] {
    return [...this.#running.values()].map(({ control }) => control);
  }

  async close(): Promise<void> {
    // One that is still starting would be there for ever.
    await Promise.allSettled(this.#starting.values());
    await Promise.all(this.controls().map((control) => control.close()));
  }

  /** All that were there, where they were: on a host that has lost everything. */
  async startAgain(): Promise<void> {
    const places = [...this.#running].map(([name, { address }]) => this.#put(name, address));
    await Promise.all(places);
  }

  async #start(name: ServerName): Promise<Address> {
    const where = this.#where === 'loopback' ? 'the loopback address' : this.#where.name;
    this.#say(`starting ${SERVERS[name].title} on ${where}`);
    return this.#put(name);
  }

  async #put(name: ServerName, known?: Address): Promise<Address> {
    const server = await SERVERS[name].start(this.#where, known);
    this.#running.set(name, server);
    return server.address;
  }
}

/** A worker on this machine. It ends with us, for it ends when the channel to us does. */
class ForkedWorker implements WorkerProcess {
  readonly messages = fork(WORKER, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  readonly exited = once(this.messages, 'exit');

  get stderr(): Readable {
    return this.messages.stderr as Readable;
  }

  send(message: Parameters<WorkerProcess['send']>[0]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.messages.send(message, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  async kill(): Promise<void> {
    this.messages.kill('SIGKILL');
    await this.exited;
  }
}
