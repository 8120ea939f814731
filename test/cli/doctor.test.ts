import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { selfSignedCertificate } from '@lifeguard/lab';
import { afterAll, describe, expect, it } from 'vitest';
import type { DoctorReport, TargetReport } from '../../packages/cli/src/index.js';
import { run } from './command.js';

const onLinux = process.platform === 'linux';

async function examine(url: string, env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = await run(['doctor', '--json', url], { env });
  const { targets, ...report } = JSON.parse(stdout) as DoctorReport;
  const [target] = targets;
  if (target === undefined) throw new Error('there is no target in the report');
  return { status, stdout, stderr, report, target };
}

const servers = new Set<net.Server>();
afterAll(() => {
  for (const server of servers) server.close();
});

/** Starts a server on the loopback address; gives back its port. */
async function serve(server: net.Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  servers.add(server);
  return (server.address() as AddressInfo).port;
}

/** What it was sent, by the time that the connection was closed. */
function listener(): { readonly server: net.Server; readonly received: Promise<string> } {
  const { promise, resolve } = withResolvers<string>();
  const server = net.createServer((socket) => {
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
  return { server, received: promise };
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const DEFAULTS = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};

describe.concurrent('lifeguard doctor', () => {
  it.runIf(onLinux)(
    'says in words what the kernel does, what Lifeguard makes of it, and what can be done',
    async () => {
      const { status, stdout, stderr } = await run(['doctor']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(
        /A peer that dies silently is noticed after \d+ .* while sending, \d+ .* while waiting, never when keepalive is off\./,
      );
      expect(stdout).toContain('noticed after 10.4 s while sending, 10 s while waiting, 10 s while idle.');
      expect(stdout).toMatch(/user timeout +yes/);
      expect(stdout).toMatch(/All is well\.\n$/);
    },
  );

  it.runIf(onLinux)('tells the same as one JSON object, and what the environment changes', async () => {
    const env = { LIFEGUARD_USER_TIMEOUT: '9s', LIFEGUARD_KEEPALIVE_IDLE: '2s', LIFEGUARD_KEEPALIVE_INTERVAL: '3s' };
    const { status, stdout } = await run(['doctor', '--json'], { env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      healthy: true,
      problems: [],
      warnings: [],
      kernel: { sysctls: { tcp_retries2: expect.any(Number) }, connectMillis: expect.any(Number) },
      lifeguard: {
        enabled: true,
        options: { userTimeoutMillis: 9000, keepAliveIdleMillis: 2000 },
        noticedAfter: { idleMillis: 11_000, waitingMillis: 11_000, sendingMillis: 9400 },
      },
      capabilities: { platform: 'linux', verified: true },
      targets: [],
    });
  });

  it('warns, with the reason and its source, and yet ends with 0', async () => {
    const env = { LIFEGUARD_KEEPALIVE_IDLE: '5m', LIFEGUARD_USER_TIMEOUT: '10s' };
    const { status, stdout } = await run(['doctor'], { env });
    expect(status).toBe(0);
    expect(stdout).toContain('ends a silent connection when one keepalive probe is lost');
    expect(stdout).toContain('an Azure load balancer forgets a connection that is idle for 4 min');
    expect(stdout).toContain('https://learn.microsoft.com/');
    expect(stdout).not.toContain('NAT gateway');
  });

  it.runIf(onLinux)('connects, hardens, reads back and probes, and sends nothing', async () => {
    const { server, received } = listener();
    const port = await serve(server);
    const { status, target } = await examine(`postgres://user:secret@127.0.0.1:${port}/db?password=secret`);
    expect(status).toBe(0);
    expect(target).toEqual({
      target: `postgres://127.0.0.1:${port}`,
      addresses: ['127.0.0.1'],
      peer: `127.0.0.1:${port}`,
      connectMillis: expect.any(Number),
      tls: null,
      hardening: 'applied',
      options: DEFAULTS,
      rttMicros: expect.any(Number),
      probe: 'alive',
      problems: [],
    } satisfies TargetReport);
    expect(await received).toBe('');
  });

  it('prints neither user nor password, in whatever form, wherever they are wrong', async () => {
    const port = await serve(listener().server);
    const examined = [
      `amqp://hugo:secret@127.0.0.1:${port}`,
      `redis://:secret@127.0.0.1:${port}`,
      'postgres://hugo:secret@127.0.0.1:1/db',
      'https://hugo:secret@nowhere.invalid/?secret#secret',
    ];
    const refused = ['postgres://hugo:sec#secret@db/db', 'oracle://hugo:secret@db', 'tls://hugo:secret@db'];
    const runs = [examined, ['--json', ...examined], ...refused.map((url) => [url])];
    for (const { stdout, stderr } of await Promise.all(runs.map((args) => run(['doctor', ...args])))) {
      expect(stdout + stderr).not.toBe('');
      expect(stdout + stderr).not.toMatch(/hugo|secret/);
    }
  });

  it('speaks TLS where TLS is spoken from the first byte on, and says when a certificate is not trusted', async () => {
    const { key, certificate: cert } = selfSignedCertificate(['127.0.0.1']);
    const server = tls.createServer({ key, cert }, (socket) => socket.on('error', () => {}));
    const { status, target } = await examine(`rediss://127.0.0.1:${await serve(server)}`);
    expect(target).toMatchObject({ tls: { protocol: 'TLSv1.3', untrusted: expect.stringMatching(/./) }, problems: [] });
    if (onLinux) expect(target).toMatchObject({ hardening: 'applied', options: DEFAULTS, probe: 'alive' });
    expect(status).toBe(0);
  });

  it.each([
    ['a server that refuses', 'tcp://127.0.0.1:1', /ECONNREFUSED/],
    ['a name that there is not', 'http://nowhere.invalid', /nowhere\.invalid/],
  ])('ends with 1 for %s', async (_what, url, problem) => {
    const { status, report, target } = await examine(url);
    expect({ status, healthy: report.healthy }).toEqual({ status: 1, healthy: false });
    expect(target).toMatchObject({ peer: null, hardening: null, probe: null });
    expect(target.problems).toEqual([expect.stringMatching(problem)]);
  });

  it.runIf(onLinux).each([
    ['hangs up at once', 0],
    ['hangs up before it is asked', 300],
  ])('ends with 1 for a server that %s', async (_what, millis) => {
    const hangUp = (socket: net.Socket) => void setTimeout(() => socket.on('error', () => {}).end(), millis);
    const port = await serve(net.createServer(hangUp));
    const { status, target } = await examine(`nats://127.0.0.1:${port}`);
    expect(status).toBe(1);
    expect(target).toMatchObject({ probe: 'dead', problems: ['the peer has closed the connection again'] });
  });

  it('ends with 1 for a server that speaks no TLS where it should', async () => {
    const port = await serve(net.createServer((socket) => socket.on('error', () => {}).write('hello')));
    const { status, target } = await examine(`https://127.0.0.1:${port}`);
    expect(status).toBe(1);
    expect(target.problems).toHaveLength(1);
  });

  it('ends with 1 where Lifeguard is off', async () => {
    const port = await serve(listener().server);
    const { status, report, target } = await examine(`tcp://127.0.0.1:${port}`, { LIFEGUARD_ENABLED: 'off' });
    expect(status).toBe(1);
    expect(report).toMatchObject({ healthy: false, problems: ['LIFEGUARD_ENABLED is off: nothing is hardened'] });
    expect(target).toMatchObject({ hardening: 'disabled', problems: ['not hardened: LIFEGUARD_ENABLED is off'] });
  });

  it('ends with 1 for bad variables, and names them all in one line', async () => {
    const env = { LIFEGUARD_ENABLED: 'maybe', LIFEGUARD_USER_TIMEOUT: 'banana', LIFEGUARD_POOL_MAX: '-1' };
    const { status, stdout, stderr } = await run(['doctor', '--json'], { env });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^lifeguard: invalid configuration: [^\n]+\n$/);
    for (const name of Object.keys(env)) expect(stderr).toContain(`${name}=`);
    expect(JSON.parse(stdout)).toEqual({
      healthy: false,
      problems: [expect.stringContaining('LIFEGUARD_ENABLED=maybe')],
    });
  });

  it.each([
    [['nonsense'], 'a URL begins with one of postgres://'],
    [['tcp://host'], 'has no port of its own'],
    [['--colour'], '--colour'],
  ])('ends with 2 for %j', async (args, word) => {
    const { status, stdout, stderr } = await run(['doctor', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(word);
  });
});
