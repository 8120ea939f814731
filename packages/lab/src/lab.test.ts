import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { noLab } from './capability.fixture.js';
import { Endpoint } from './endpoint.fixture.js';
import { LabUnavailableError } from './errors.js';
import type { Host } from './host.js';
import { Lab } from './lab.js';

async function printed(host: Host, command: string, ...args: string[]): Promise<string> {
  const process = await host.spawn(command, args);
  const [out] = await Promise.all([text(process.stdout), process.exited]);
  return out;
}

describe.skipIf(noLab())('a lab', () => {
  it('can be made here, and says so', async () => {
    expect(await Lab.available()).toBeUndefined();
  });

  it('joins its hosts by IPv4 and IPv6, as soon as they are there', async () => {
    await using lab = await Lab.create();
    const hosts = await Promise.all(['a', 'b', 'c'].map((name) => lab.host(name)));
    const endpoints = await Promise.all(hosts.map((host) => Endpoint.on(host)));
    await Promise.all(endpoints.map((endpoint) => endpoint.listen(7)));
    for (const endpoint of endpoints) {
      for (const host of hosts) {
        expect(await endpoint.connect(host.address, 7)).toBe('connected');
        expect(await endpoint.connect(host.address6, 7)).toBe('connected');
      }
    }
  });

  it('is connected to nothing else: neither to this machine nor to another lab', async () => {
    const server = createServer().listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using lab = await Lab.create();
    await using other = await Lab.create();
    const [host, stranger] = await Promise.all([lab.host('a'), other.host('a'), other.host('b')]);
    const [endpoint, listener] = await Promise.all([Endpoint.on(host), Endpoint.on(stranger)]);
    await listener.listen(7);
    expect(await endpoint.connect('127.0.0.1', port)).toBe('ECONNREFUSED');
    for (const { address, family } of Object.values(networkInterfaces()).flatMap((card) => card ?? [])) {
      if (family === 'IPv4') expect(await endpoint.connect(address, port, 300)).not.toBe('connected');
    }
    // The same address in both labs: this one's own host answers, that it has no such server.
    expect(stranger.address).toBe(host.address);
    expect(await endpoint.connect(stranger.address, 7)).toBe('ECONNREFUSED');
    server.close();
  });

  it('ends every process on its hosts when it is closed', async () => {
    const lab = await Lab.create();
    const host = await lab.host('a');
    const sleeper = await host.spawn('sleep', ['1000']);
    const deaf = await host.spawn('sh', ['-c', "trap '' TERM INT HUP; while :; do sleep 1000; done"]);
    const frozen = await host.spawn('sleep', ['1000']);
    await frozen.freeze();
    await lab.close();
    for (const process of [sleeper, deaf, frozen]) {
      expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
    }
  });

  it('refuses a second host of a name, and a cable to nowhere', async () => {
    await using lab = await Lab.create();
    const host = await lab.host('a');
    await expect(lab.host('a')).rejects.toThrow('there is a host a already');
    expect(() => lab.cable('a', 'b')).toThrow('there is no host b');
    expect(() => lab.cable('a', 'a')).toThrow('a cable joins two hosts');
    expect(await printed(host, 'echo', 'unharmed')).toBe('unharmed\n');
  });

  it('is there, with two hosts, in well under a second', async () => {
    const start = performance.now();
    await using lab = await Lab.create();
    await Promise.all([lab.host('a'), lab.host('b')]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('where no lab can be made', () => {
  const platform = process.platform;

  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
    vi.resetModules();
    vi.doUnmock('./router.js');
  });

  it('says that it needs Linux', async () => {
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const failure = await Lab.create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LabUnavailableError);
    expect(failure).toMatchObject({ code: 'ERR_LAB_UNAVAILABLE', message: expect.stringContaining('needs Linux') });
    expect(await Lab.available()).toBe((failure as Error).message);
  });

  it("gives the kernel's complaint in one line, and what to do", async () => {
    Object.defineProperty(process, 'platform', { value: 'linux' });
    vi.doMock('./router.js', () => ({ Router: { start: () => Promise.reject(new Error('unshare: not\npermitted')) } }));
    vi.doMock('./tools.js', () => ({ requireTools: () => {} }));
    vi.doMock('./namespace.js', () => ({ mayMakeNamespaces: () => false }));
    const { Lab: Unlucky } = await import('./lab.js');
    const reason = await Unlucky.available();
    expect(reason).toContain('unshare: not; permitted');
    expect(reason).toContain('run as root, or allow user namespaces');
    expect(reason).not.toContain('\n');
    vi.doUnmock('./tools.js');
    vi.doUnmock('./namespace.js');
  });
});
