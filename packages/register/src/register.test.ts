import { capabilities } from '@lifeguard/tcp';
import { describe, expect, test } from 'vitest';
import { REGISTER, run } from './child.fixture.js';

const BY_DEFAULT = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};
const UNTOUCHED = { keepAlive: false, userTimeoutMillis: 0 };

function canHarden(): boolean {
  const { ok, reason } = capabilities().supported.userTimeout;
  if (!ok) {
    if (process.env['CI'] === 'true') throw new Error(`no socket can be hardened here: ${reason}`);
    console.log(`skipped: no socket can be hardened here: ${reason}`);
  }
  return ok;
}

describe.runIf(canHarden())('a program that knows nothing of it', () => {
  test.each([
    ['--import', ['--import', REGISTER], {}],
    ['-r', ['-r', REGISTER], {}],
    ['both', ['-r', REGISTER, '--import', REGISTER], {}],
    ['NODE_OPTIONS', [], { NODE_OPTIONS: `--import ${REGISTER}` }],
  ])('has its client sockets hardened: %s', async (_, flags, env) => {
    const { told, stderr, status } = await run('tell(options(await connect()));', { flags, env });
    expect(told).toEqual([BY_DEFAULT]);
    expect(stderr).toBe(
      'lifeguard: hardening TCP connections to every host: keepalive after 5s, every 1s, 3 times; user timeout 10s\n',
    );
    expect(status).toBe(0);
  });

  test('has those of its worker threads hardened, without another line in the log', async () => {
    const { told, stderr } = await run(`
      import { Worker } from 'node:worker_threads';
      const code = \`
        import net from 'node:net';
        import { parentPort, workerData } from 'node:worker_threads';
        const { inspect } = await import(workerData.tcp);
        const socket = net.connect(workerData.port, '127.0.0.1', () => {
          parentPort.postMessage(inspect(socket).options);
          socket.destroy();
        });
      \`;
      const url = new URL('data:text/javascript,' + encodeURIComponent(code));
      const worker = new Worker(url, { workerData: { port, tcp: TCP } });
      tell((await once(worker, 'message'))[0]);
    `);
    expect(told).toEqual([BY_DEFAULT]);
    expect(stderr.split('\n').filter((line) => line !== '')).toHaveLength(1);
  });

  test('has its options from the environment', async () => {
    const env = { LIFEGUARD_KEEPALIVE_IDLE: '7s', LIFEGUARD_USER_TIMEOUT: '30s' };
    const { told } = await run('tell(options(await connect()));', { env });
    expect(told).toEqual([{ ...BY_DEFAULT, keepAliveIdleMillis: 7000, userTimeoutMillis: 30_000 }]);
  });

  test('has only the hosts hardened that are named', async () => {
    const { told } = await run(
      "tell(options(await connect('localhost'))); tell(options(await connect('127.0.0.1')));",
      {
        env: { LIFEGUARD_HOSTS: 'localhost' },
      },
    );
    expect(told).toMatchObject([BY_DEFAULT, UNTOUCHED]);
  });

  test('has the sockets that it accepts left alone', async () => {
    const { told } = await run('await connect(); tell(options(accepted[0] ?? (await once(server, "connection"))[0]));');
    expect(told).toMatchObject([UNTOUCHED]);
  });

  test('keeps what it has set through Lifeguard, before and after', async () => {
    const { told } = await run(`
      const before = net.connect(port, '127.0.0.1');
      harden(before, { userTimeoutMillis: 60_000 });
      await once(before, 'connect');
      const after = await connect();
      harden(after, { userTimeoutMillis: 60_000 });
      tell(options(before));
      tell(options(after));
    `);
    expect(told).toEqual(Array(2).fill({ ...BY_DEFAULT, userTimeoutMillis: 60_000 }));
  });

  test('keeps keepalive that is stricter, whenever it sets it', async () => {
    const { told } = await run(`
      const socket = net.connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 3000 });
      await once(socket, 'connect');
      tell(options(socket).keepAliveIdleMillis);
      socket.setKeepAlive(true, 2000);
      tell(options(socket).keepAliveIdleMillis);
    `);
    expect(told).toEqual([3000, 2000]);
  });

  test('sees no listener and no property that is not its own', async () => {
    const look = `
      const socket = net.connect(port, '127.0.0.1');
      const seen = () => [socket.eventNames().map(String).sort(), Object.keys(socket).sort(), socket.listenerCount('connect')];
      const before = seen();
      await once(socket, 'connect');
      tell([before, seen()]);
    `;
    const [with_, without] = await Promise.all([run(look), run(look, { flags: [] })]);
    expect(with_.told).toEqual(without.told);
  });
});

describe('the log', () => {
  test.each(['warn', 'error', 'silent'])('at %s there is no line where all can be done', async (level) => {
    if (!canHarden()) return;
    expect(await run('await connect();', { env: { LIFEGUARD_LOG_LEVEL: level } })).toMatchObject({
      stderr: '',
      status: 0,
    });
  });

  test('at debug each connection has a line, with what the kernel has', async () => {
    const { stderr, told } = await run("await connect('localhost'); tell(port);", {
      env: { LIFEGUARD_LOG_LEVEL: 'debug' },
    });
    expect(stderr.split('\n')[1]).toMatch(new RegExp(`^lifeguard: localhost \\([^)]*:${told[0]}\\): `));
  });

  test.each(['info', 'debug'])('at %s it ends nothing that nobody reads it', async (level) => {
    const env = { LIFEGUARD_LOG_LEVEL: level };
    const { status, told } = await run('await connect(); await connect(); tell("alive");', { env, readsStderr: false });
    expect([status, told]).toEqual([0, ['alive']]);
  });

  test('a user timeout that one lost probe reaches is warned of', async () => {
    const { stderr } = await run('', { env: { LIFEGUARD_USER_TIMEOUT: '2s', LIFEGUARD_LOG_LEVEL: 'warn' } });
    expect(stderr).toMatch(/userTimeoutMillis 2000 ends a silent connection when one keepalive probe is lost/);
  });
});

test('switched off it does nothing', async () => {
  const { told, stderr } = await run('tell(options(await connect()));', { env: { LIFEGUARD_ENABLED: 'off' } });
  expect(stderr).toBe('');
  expect(told).not.toMatchObject([{ keepAlive: true }]);
});

test('bad configuration ends the process before the program starts, with one error that names everything', async () => {
  const { told, stderr, status } = await run('tell("started");', {
    env: { LIFEGUARD_HOSTS: '10.0.0.0/99', LIFEGUARD_KEEPALIVE: 'perhaps', LIFEGUARD_USER_TIMEOUT: '10 seconds' },
  });
  expect(told).toEqual([]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^lifeguard: invalid configuration: [^\n]*\n$/);
  for (const named of [
    'LIFEGUARD_HOSTS=10.0.0.0/99',
    'LIFEGUARD_KEEPALIVE=perhaps',
    'LIFEGUARD_USER_TIMEOUT=10 seconds',
  ])
    expect(stderr).toContain(named);
});
