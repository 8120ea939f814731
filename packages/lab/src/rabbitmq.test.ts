import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { skip } from './capability.fixture.js';
import { type RabbitMq, rabbitMqUnavailable, startRabbitMq } from './index.js';
import { started } from './started.fixture.js';

const noRabbitMq = skip(rabbitMqUnavailable());

/** What a server says to the first words of the protocol: who it is, in a frame that begins with 1. */
async function greet(server: RabbitMq, secure: boolean): Promise<Buffer> {
  const socket = secure
    ? connectTls({ host: server.host, port: server.tlsPort ?? 0, ca: server.ca ?? '' })
    : connect(server.port, server.host);
  socket.write('AMQP\0\0\x09\x01');
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return answer as Buffer;
}

describe.skipIf(noRabbitMq)('RabbitMQ', () => {
  it('speaks AMQP in the clear and through TLS, and again after it was killed; it needs no daemon', async () => {
    const server = await started(startRabbitMq('loopback', { tls: true }));
    for (const secure of [false, true]) expect((await greet(server, secure))[0]).toBe(1);
    const { pid } = server.process;
    await server.restart();
    expect(server.process.pid).not.toBe(pid);
    expect(String(await greet(server, false))).toMatch(/RabbitMQ/);
    await server.freeze();
    const silent = connect(server.port, server.host);
    await once(silent, 'connect');
    silent.destroy();
    await server.stop();
    expect(server.process.running).toBe(false);
  });

  it('says with the last lines of its log why it does not start', async () => {
    await expect(startRabbitMq('loopback', { settings: { nonsense: 'yes' } })).rejects.toThrow(
      /did not start.*configuration/s,
    );
  });
});
