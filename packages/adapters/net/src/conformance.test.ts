import { once } from 'node:events';
import type { Socket } from 'node:net';
import { conformance, type Dirt } from '@lifeguard/pool/testing';
import { describe, test } from 'vitest';
import { TEST_CERTIFICATE } from './certificate.fixture.js';
import { netFactory, tlsFactory } from './index.js';
import { ask, say, startServer } from './server.fixture.js';

const ignore = () => {};

const dirt: Record<string, Dirt<Socket>> = {
  'unread bytes': {
    leave: async (socket) => {
      await say(socket, 'say two lines');
      await once(socket, 'readable');
    },
    isLeft: ({ readableLength }) => readableLength > 0,
  },
  'a listener': {
    leave: (socket) => socket.on('data', ignore),
    isLeft: (socket) => socket.listeners('data').includes(ignore),
  },
  'half-closed': {
    leave: (socket) => socket.end(),
    isLeft: ({ writable }) => !writable,
  },
  'an encoding': {
    leave: (socket) => socket.setEncoding('latin1'),
    isLeft: ({ readableEncoding }) => readableEncoding !== null,
  },
};

describe('netFactory', () => {
  const server = async () => ({ host: '127.0.0.1', port: (await startServer()).port });
  conformance({ server, makeFactory: netFactory, ask: (socket) => ask(socket, 'hello'), dirt }, { describe, test });
});

describe('tlsFactory', () => {
  const server = async () => ({ host: '127.0.0.1', port: (await startServer('tls')).port });
  const makeFactory = (address: { host: string; port: number }) => tlsFactory({ ...address, ca: TEST_CERTIFICATE });
  const hopeless = { 'a certificate that is not trusted': tlsFactory };
  conformance({ server, makeFactory, ask: (socket) => ask(socket, 'hello'), dirt, hopeless }, { describe, test });
});
