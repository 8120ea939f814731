import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { skip } from './capability.fixture.js';
import { type NatsServer, natsUnavailable, startNats } from './index.js';
import { started } from './started.fixture.js';

const noNats = skip(natsUnavailable());

/** What it says of itself, and then to a client that shows this. */
async function greet(server: NatsServer, shown: object): Promise<{ info: string; answer: string }> {
  const socket = connect(server.port, server.host);
  const [info] = await once(socket, 'data');
  socket.write(`CONNECT ${JSON.stringify({ verbose: true, ...shown })}\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return { info: String(info), answer: String(answer) };
}

describe.skipIf(noNats)('NATS', () => {
  it('asks for user and password, or for a token', async () => {
    for (const login of ['password', 'token'] as const) {
      const server = await started(startNats('loopback', { login }));
      const { user, pass, token } = server.login as Record<string, string>;
      expect((await greet(server, { user, pass, auth_token: token })).answer).toMatch(/^\+OK/);
      expect((await greet(server, { user, pass: 'x', auth_token: 'x' })).answer).toMatch(/^-ERR 'Authorization/);
    }
  });

  it('insists on TLS, and has its settings', async () => {
    const server = await started(startNats('loopback', { tls: true, settings: { max_payload: '2000' } }));
    const socket = connect(server.port, server.host);
    const [info] = await once(socket, 'data');
    socket.destroy();
    expect(String(info)).toMatch(/"tls_required":true/);
    expect(String(info)).toMatch(/"max_payload":2000/);
    expect(server.ca).toMatch(/BEGIN CERTIFICATE/);
  });

  it('comes back at the same port', async () => {
    const server = await started(startNats('loopback'));
    const { pid } = server.process;
    await server.restart();
    expect(server.process.pid).not.toBe(pid);
    expect((await greet(server, server.login)).info).toMatch(/^INFO/);
  });

  it('says with the last lines of its log why it does not start', async () => {
    await expect(startNats('loopback', { settings: { max_payload: '"many"' } })).rejects.toThrow(/did not start/);
  });
});
