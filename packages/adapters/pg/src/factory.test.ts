import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createPool, type Logger } from '@lifeguard/pool';
import type pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pgFactory } from './index.js';

const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const message = (type: string, body: string) => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')]);
};
const WELCOME = message('R', '\0\0\0\0');
const FAILURE = message('E', 'SERROR\0VERROR\0C22012\0Mdivision by zero\0\0');
const DONE = message('C', 'DONE\0');
const ready = (status: 'I' | 'E') => message('Z', status);

/**
 * A server of which a failing statement's error comes at once, and its word that it is ready when `getReady` is called: as two
 * packets that arrive one after the other.
 */
async function startServer() {
  const asked: string[] = [];
  let socket: Socket | undefined;
  const server = createServer((accepted) => {
    socket = accepted.on('error', () => {});
    accepted.once('data', () => {
      accepted.write(Buffer.concat([WELCOME, ready('I')]));
      accepted.on('data', (data) => {
        if (String.fromCharCode(data[0] ?? 0) !== 'Q') return;
        const statement = data.toString('latin1', 5, data.length - 1);
        asked.push(statement);
        accepted.write(statement === 'fail' ? FAILURE : Buffer.concat([DONE, ready('I')]));
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    socket?.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clients = createPool(pgFactory({ host: '127.0.0.1', port, user: 'me', ssl: false }), { logger, max: 1 });
  onTestFinished(() => clients.close({ timeoutMillis: 100 }));
  return { asked, clients, getReady: (status: 'I' | 'E' = 'I') => void socket?.write(ready(status)) };
}

test.each<[string, (client: pg.Client) => Promise<unknown>]>([
  ['is told', (client) => client.query('fail')],
  ['was caught', (client) => client.query('fail').catch(() => {})],
])(
  'a client whose statement has failed is lent again as soon as the server is ready, if the error %s',
  async (_, work) => {
    const { asked, clients, getReady } = await startServer();
    await clients.use(work).catch(() => {});
    const next = clients.use((client) => client.query('next'));
    getReady();
    await next;
    expect(clients.stats()).toHaveProperty('created', 1);
    expect(clients.stats()).toHaveProperty('evicted', {});
    expect(asked).toEqual(['fail', 'next']);
  },
);

test('a transaction that has failed with the statement is rolled back first', async () => {
  const { asked, clients, getReady } = await startServer();
  await clients.use((client) => client.query('fail')).catch(() => {});
  getReady('E');
  await clients.use((client) => client.query('next'));
  expect(asked).toEqual(['fail', 'ROLLBACK', 'next']);
});

test('a client whose server does not get ready is closed after a second', async () => {
  const { clients } = await startServer();
  await clients.use((client) => client.query('fail')).catch(() => {});
  await vi.waitFor(() => expect(clients.stats().evicted).toEqual({ 'reset-failed': 1 }), { timeout: 3000 });
});
