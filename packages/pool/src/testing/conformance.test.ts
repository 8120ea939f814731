import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Factory } from '../factory.js';
import { type Address, ConformanceError, checkConformance, conformance, type Subject } from './index.js';

/** A server that says back what it is told; after `QUIT` it goes. */
const server = net.createServer((socket) => {
  socket.on('error', () => {}).on('data', (bytes) => (String(bytes) === 'QUIT' ? socket.end() : socket.write(bytes)));
});
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());
const address = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

/** A small driver without a fault. */
class EchoClient {
  readonly socket: Socket;
  mode = 'clean';

  constructor(socket: Socket) {
    this.socket = socket.on('error', () => {});
  }

  async ask(text: string): Promise<string> {
    if (text === 'nonsense') throw new Error('I do not say that');
    if (this.socket.destroyed) throw new Error('the connection is lost');
    const answer = new Promise<string>((resolve, reject) => {
      this.socket.once('data', (bytes) => resolve(String(bytes)));
      this.socket.once('close', () => reject(new Error('the connection is lost')));
    });
    this.socket.write(text);
    return answer;
  }
}

async function connect({ host, port }: Address): Promise<EchoClient> {
  const client = new EchoClient(net.connect(port, host));
  await once(client.socket, 'connect');
  return client;
}

function faultless(where: Address): Factory<EchoClient> {
  return {
    create: () => connect(where),
    destroy: async ({ socket }) => {
      const closed = socket.closed ? undefined : once(socket, 'close');
      socket.destroy();
      await closed;
    },
    validate: async (client) => (await client.ask('are you there')) !== '',
    reset: (client) => {
      client.mode = 'clean';
    },
    isFatal: (error) => /lost/.test(String(error)),
    isPermanent: (error) => /password/.test(String(error)),
  };
}

function subjectOf(
  change: (factory: Factory<EchoClient>, where: Address) => Partial<Factory<EchoClient>>,
): Subject<EchoClient> {
  const makeFactory = (where: Address) => ({ ...faultless(where), ...change(faultless(where), where) });
  return {
    server: address,
    makeFactory,
    ask: (client) => client.ask('hello'),
    failHarmlessly: (client) => client.ask('nonsense'),
    dirt: {
      'another mode': {
        leave: (client) => {
          client.mode = 'dirty';
        },
        isLeft: ({ mode }) => mode === 'dirty',
      },
    },
    hopeless: {
      'a wrong password': (where) => ({
        ...makeFactory(where),
        create: async () => {
          const client = await connect(where);
          client.socket.destroy();
          throw new Error('wrong password');
        },
      }),
    },
  };
}

/** The first words of the checks that fail. */
async function failuresOf(change: Parameters<typeof subjectOf>[0]): Promise<string[]> {
  try {
    await checkConformance(subjectOf(change));
    return [];
  } catch (error) {
    if (error instanceof ConformanceError) return [...error.failed];
    throw error;
  }
}

conformance(
  subjectOf(() => ({})),
  { describe, test },
);

describe.concurrent('a fault of a factory is found', () => {
  test('none where there is none', async () => {
    expect(await failuresOf(() => ({}))).toEqual([]);
  });

  test('sockets that are opened where nobody looks for them', async () => {
    const failed = await failuresOf((_, where) => ({
      opensAtOnce: true,
      create: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return connect(where);
      },
    }));
    expect(failed).toContain('every socket is hardened: the kernel has the options that were asked for');
  });

  test('destroy that closes nothing', async () => {
    const failed = await failuresOf(() => ({ destroy: () => {} }));
    expect(failed).toContain('destroy closes the sockets: nothing is left when the pool is closed');
  });

  test('reset that cleans nothing, and one that fails on a clean connection', async () => {
    expect(await failuresOf(() => ({ reset: () => {} }))).toEqual(['not lent dirty: another mode']);
    const reset = () => {
      throw new Error('never');
    };
    expect(await failuresOf(() => ({ reset }))).toContain('a connection works, and is lent again after a clean loan');
  });

  test('validate that says yes to all, and one that says no to all', async () => {
    const name = 'validate says yes of a connection that works, and not of one that is lost';
    expect(await failuresOf(() => ({ validate: () => true }))).toEqual([name]);
    expect(await failuresOf(() => ({ validate: () => false }))).toEqual([name]);
  });

  test('isFatal that says yes to all, and one that says no to all', async () => {
    const name = 'isFatal: an error that does no harm does not cost the connection; that of a lost one does';
    expect(await failuresOf(() => ({ isFatal: () => true }))).toEqual([name]);
    expect(await failuresOf(() => ({ isFatal: () => false }))).toEqual([name]);
  });

  test('isPermanent that says yes to a refused connect, and one that is missing', async () => {
    expect(await failuresOf(() => ({ isPermanent: () => true }))).toEqual([
      'a connect that fails is told, and the server’s return is noticed',
    ]);
    expect(await failuresOf(() => ({ isPermanent: () => false }))).toEqual([
      'isPermanent: a wrong password is told at once',
    ]);
  });

  test('makeFactory that throws, and nothing is left that listens', async () => {
    const relays: Address[] = [];
    const makeFactory = (where: Address): Factory<EchoClient> => {
      relays.push(where);
      throw new Error('no factory');
    };
    const subject = { server: address, makeFactory, ask: (client: EchoClient) => client.ask('hello') };
    await expect(checkConformance(subject)).rejects.toThrow(/no factory/);
    expect(relays).not.toEqual([]);
    for (const relay of relays) await expect(connect(relay)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('an error that nobody listens to', async () => {
    // In a process of its own: here the test runner would hear of it too.
    const program = `
      import { EventEmitter, once } from 'node:events';
      import net from 'node:net';
      import { checkConformance } from '@lifeguard/pool/testing';
      const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const makeFactory = ({ host, port }) => ({
        create: async () => {
          const socket = net.connect(port, host);
          await once(socket, 'connect');
          return socket;
        },
        destroy: (socket) => socket.destroy(),
      });
      const ask = async (socket) => { socket.write('hello'); await once(socket, 'data'); };
      const told = await checkConformance({ server: () => ({ host: '127.0.0.1', port: server.address().port }), makeFactory, ask })
        .then(() => 'nothing', ({ failed }) => failed.join());
      console.log(told);
      server.close();
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: new URL('../..', import.meta.url),
    });
    expect(stdout).toContain('an error of a connection that nobody listens to ends nothing');
  });

  test('a connection that is an emitter and says nothing of its end is found by its socket', async () => {
    class Silent extends EventEmitter {}
    const makeFactory = (where: Address): Factory<Silent & { client: EchoClient }> => {
      const inner = faultless(where);
      return {
        create: async () => Object.assign(new Silent(), { client: await connect(where) }),
        destroy: ({ client }) => inner.destroy(client),
      };
    };
    const subject = { server: address, makeFactory, ask: ({ client }: { client: EchoClient }) => client.ask('hello') };
    await expect(checkConformance(subject)).resolves.toBeUndefined();
  });
});
