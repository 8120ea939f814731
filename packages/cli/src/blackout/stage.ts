import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Cable, type Host, Lab, LabUnavailableError, type Postgres, startPostgres } from '@lifeguard/lab';
import type { Database } from './protocol.js';
import type { WorkerProcess } from './service.js';

/** Where the services and their database run. */
export interface Stage {
  readonly database: Database;
  /** Between the services and the database; or why there is none that could be cut. */
  readonly cable: Cable | { readonly missing: string };
  startWorker(): Promise<WorkerProcess>;
  /** Ends all that runs there. Settles when it is gone. */
  close(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/**
 * A lab; where none can be made, this machine itself.
 * @param say is told what takes a moment
 * @throws LabError if PostgreSQL can't be had
 */
export async function openStage(say: (doing: string) => void): Promise<Stage> {
  say('making a network of two hosts, app and db');
  try {
    return await setUpLab(await Lab.create(), say);
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    say(`no lab can be made here: ${error.message}`);
    return setUpLoopback(error.message, say);
  }
}

async function setUpLab(lab: Lab, say: (doing: string) => void): Promise<Stage> {
  try {
    const [app, db] = await Promise.all([lab.host('app'), lab.host('db')]);
    say('starting PostgreSQL on db');
    return {
      database: addressOf(await startPostgres(db)),
      cable: lab.cable('app', 'db'),
      startWorker: () => startOn(app),
      close: () => lab.close(),
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function setUpLoopback(missing: string, say: (doing: string) => void): Promise<Stage> {
  say('starting PostgreSQL on the loopback address');
  const postgres = await startPostgres('loopback');
  const workers = new Set<ForkedWorker>();
  return {
    database: addressOf(postgres),
    cable: { missing },
    startWorker: async () => {
      const worker = new ForkedWorker();
      workers.add(worker);
      return worker;
    },
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.kill()));
      await postgres.close();
    },
  };
}

function addressOf({ host, port, user, password, database }: Postgres): Database {
  return { host, port, user, password, database };
}

function startOn(host: Host): Promise<WorkerProcess> {
  return host.node(WORKER, [], { stdio: ['ignore', 'ignore', 'pipe'] });
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
