import http from 'node:http';
import https from 'node:https';
import { describe, expect, it } from 'vitest';
import { noLab, skip } from './capability.fixture.js';
import { Lab, type Nginx, nginxUnavailable, startNginx } from './index.js';
import { started } from './started.fixture.js';

const noNginx = skip(nginxUnavailable());

interface Answer {
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

function ask(
  { host, port, tlsPort, ca }: Nginx,
  { agent, secure = false }: { agent?: http.Agent; secure?: boolean } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const take = (response: http.IncomingMessage) => {
      response.setEncoding('utf8').on('data', (body: string) => resolve({ body, headers: response.headers }));
    };
    const request = secure
      ? https.get({ host, port: tlsPort, ca, agent: false }, take)
      : http.get({ host, port, agent: agent ?? false }, take);
    request.on('error', reject);
  });
}

describe.skipIf(noNginx)('nginx', () => {
  it('answers in the clear and through TLS', async () => {
    const server = await started(startNginx('loopback', { tls: true }));
    for (const secure of [false, true]) expect(await ask(server, { secure })).toMatchObject({ body: 'ok' });
  });

  it('closes an idle connection in the time that was asked for, and does not announce it', async () => {
    const server = await started(startNginx('loopback', { keepAliveTimeoutMillis: 200 }));
    const agent = new http.Agent({ keepAlive: true });
    const closed = new Promise<number>((resolve) => {
      agent.on('free', (socket) => {
        const since = performance.now();
        socket.once('close', () => resolve(performance.now() - since));
      });
    });
    const { headers } = await ask(server, { agent });
    expect(headers).not.toHaveProperty('keep-alive');
    expect(headers.connection).toBe('keep-alive');
    const millis = await closed;
    expect(millis).toBeGreaterThan(150);
    expect(millis).toBeLessThan(1500);
  });

  it('answers again after it was killed', async () => {
    const server = await started(startNginx('loopback', { directives: ['location / { return 200 again; }'] }));
    const { pid } = server.process;
    await server.kill();
    await expect(ask(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.restart();
    expect(server.process.pid).not.toBe(pid);
    expect(await ask(server)).toMatchObject({ body: 'again' });
  });

  it('says with the last lines of its log why it does not start', async () => {
    await expect(startNginx('loopback', { directives: ['nonsense on;'] })).rejects.toThrow(
      /did not start: .*unknown directive "nonsense"/,
    );
  });
});

describe.skipIf(noNginx || noLab())('nginx on a host', () => {
  it('answers who is on the same host', async () => {
    const lab = await Lab.create();
    try {
      const web = await lab.host('web');
      const server = await startNginx(web);
      const program = `
        const answer = await fetch('http://${server.host}:${server.port}/');
        process.exitCode = (await answer.text()) === 'ok' ? 0 : 1;
      `;
      const client = await web.spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
      expect(await client.exited).toMatchObject({ code: 0 });
    } finally {
      await lab.close();
    }
  });
});
