import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const PACKAGE = new URL('../dist/index.js', import.meta.url);

/** What a module prints as JSON, in a process of its own. */
async function runModule(code: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const args = ['--input-type=module', '--eval', code];
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, ...env },
    cwd: new URL('.', import.meta.url),
  });
  return JSON.parse(stdout);
}

test('switched off, agents and dispatcher are those of Node.js and undici', async () => {
  const report = await runModule(
    `
    import http from 'node:http';
    import { once } from 'node:events';
    import undici from 'undici';
    import { Agent, createDispatcher, HttpsAgent } from '${PACKAGE}';
    const server = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = 'http://127.0.0.1:' + server.address().port;
    const agent = new Agent({ keepAlive: true, name: 'x', tcp: { userTimeoutMillis: -1 } });
    await new Promise((resolve) => http.get(url, { agent }, (response) => response.resume().on('end', resolve)));
    await (await undici.request(url, { dispatcher: createDispatcher() })).body.text();
    const own = [agent, new HttpsAgent()].map((each) => ['createConnection', 'reuseSocket'].filter((name) => Object.hasOwn(each, name)));
    console.log(JSON.stringify({ own, options: agent.options.tcp ?? 'none' }));
    process.exit();
    `,
    { LIFEGUARD_ENABLED: 'off' },
  );
  expect(report).toEqual({ own: [[], []], options: 'none' });
});

test('without undici the agents work, and createDispatcher says what is missing', async () => {
  const report = await runModule(`
    import Module from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (request, ...rest) => {
      if (request === 'undici') throw Object.assign(new Error('no undici'), { code: 'MODULE_NOT_FOUND' });
      return resolve(request, ...rest);
    };
    const { Agent, createDispatcher, HttpsAgent } = await import('${PACKAGE}');
    new Agent().destroy();
    new HttpsAgent().destroy();
    try {
      createDispatcher();
    } catch ({ code, message }) {
      console.log(JSON.stringify({ code, message }));
    }
  `);
  expect(report).toEqual({
    code: 'ERR_HTTP_NO_UNDICI',
    message: 'createDispatcher needs undici: npm install undici',
  });
});

test('the environment sets what options leave out, the more special variable first', async () => {
  const report = await runModule(
    `
    import http from 'node:http';
    import { once } from 'node:events';
    import { inspect } from '@lifeguard/tcp';
    import { Agent } from '${PACKAGE}';
    const server = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const agent = new Agent({ keepAlive: true, name: 'orders', tcp: { keepAliveCount: 7 } });
    http.get({ port, host: '127.0.0.1', agent }, (response) => {
      console.log(JSON.stringify(inspect(response.socket).options));
      process.exit();
    });
    `,
    { LIFEGUARD_ORDERS_USER_TIMEOUT: '15s', LIFEGUARD_USER_TIMEOUT: '16s', LIFEGUARD_KEEPALIVE_IDLE: '7s' },
  );
  expect(report).toMatchObject({ keepAliveCount: 7, userTimeoutMillis: 15_000, keepAliveIdleMillis: 7000 });
});
