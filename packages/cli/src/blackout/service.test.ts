import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Sysctls } from '../doctor/sysctls.js';
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

const ADDRESS = { host: '10.0.0.1', port: 5432, user: 'me', password: 'secret', database: 'orders' };

it('tells its process which contender to open and where its server is, then when to start', async () => {
  const worker = new Worker();
  const service = new Service('pg', 'stock', worker);
  await service.open(ADDRESS);
  await service.start();
  expect(worker.received).toEqual([{ driver: 'pg', side: 'stock', address: ADDRESS }, 'start']);
});

it('knows the options of the pool’s sockets when it is ready', async () => {
  const worker = new Worker();
  const service = new Service('pg', 'ours', worker);
  const ready = once(service, 'ready');
  worker.say({ type: 'ready', tcp: { userTimeoutMillis: 10_000 } });
  await ready;
  expect(service.tcp).toEqual({ userTimeoutMillis: 10_000 });
});

it('keeps what its process tells of its sockets, and the settings of their network', () => {
  const worker = new Worker();
  const service = new Service('pg', 'stock', worker);
  const sysctls = { tcp_retries2: 8 } as Sysctls;
  worker.say({ type: 'ready', tcp: {}, sysctls });
  const socket = { id: 0, connecting: false, retransmits: 2, probes: 0, unacked: 1 };
  worker.say({ type: 'sockets', sample: { at: 100, sockets: [socket] } });
  expect(service.sysctls).toBe(sysctls);
  expect(service.log.snapshot()).toMatchObject([{ id: 0, states: [{ at: 100, retransmits: 2, unacked: 1 }] }]);
});

it('counts what its process tells of queries, and announces each answer', async () => {
  const worker = new Worker();
  const service = new Service('pg', 'stock', worker);
  const answered = once(service, 'answered');
  worker.say({ type: 'query', query: { event: 'sent', id: 0, at: 100 } });
  worker.say({ type: 'query', query: { event: 'answered', id: 0, at: 130 } });
  expect(await answered).toEqual([130]);
  expect(service.tally.countsAt(200)).toMatchObject({ sent: 1, answered: 1 });
});

it('fails with the last words of a process that ends', async () => {
  const worker = new Worker();
  const failed = once(new Service('pg', 'stock', worker), 'ready');
  worker.end('no such database\n');
  await expect(failed).rejects.toThrow('the service on pg.Pool has ended: no such database');
});
