import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { FromWorker } from './protocol.js';
import { Service } from './service.js';

/** A process of which the test decides what it says and when it ends. */
class Worker {
  readonly messages = new EventEmitter<{ message: [FromWorker] }>();
  readonly stderr = new PassThrough();
  readonly received: unknown[] = [];
  readonly #end = new EventEmitter();
  readonly exited = once(this.#end, 'exit');

  async send(message: unknown): Promise<void> {
    this.received.push(message);
  }

  say(message: FromWorker): void {
    this.messages.emit('message', message);
  }

  end(lastWords: string): void {
    this.stderr.end(lastWords);
    this.#end.emit('exit');
  }
}

const DATABASE = { host: '10.0.0.1', port: 5432, user: 'me', password: 'secret', database: 'orders' };

it('tells its process which pool to make and where the database is, then when to start', async () => {
  const worker = new Worker();
  const service = new Service('pg.Pool', worker);
  await service.open(DATABASE);
  await service.start();
  expect(worker.received).toEqual([{ pool: 'pg.Pool', database: DATABASE }, 'start']);
});

it('knows the options of the pool’s sockets when it is ready', async () => {
  const worker = new Worker();
  const service = new Service('@lifeguard/pg', worker);
  const ready = once(service, 'ready');
  worker.say({ type: 'ready', tcp: { userTimeoutMillis: 10_000 } });
  await ready;
  expect(service.tcp).toEqual({ userTimeoutMillis: 10_000 });
});

it('counts what its process tells of queries, and announces each answer', async () => {
  const worker = new Worker();
  const service = new Service('pg.Pool', worker);
  const answered = once(service, 'answered');
  worker.say({ type: 'query', query: { event: 'sent', id: 0, at: 100 } });
  worker.say({ type: 'query', query: { event: 'answered', id: 0, at: 130 } });
  expect(await answered).toEqual([130]);
  expect(service.tally.countsAt(200)).toMatchObject({ sent: 1, answered: 1 });
});

it('fails with the last words of a process that ends', async () => {
  const worker = new Worker();
  const failed = once(new Service('pg.Pool', worker), 'ready');
  worker.end('no such database\n');
  await expect(failed).rejects.toThrow('the service on pg.Pool has ended: no such database');
});
