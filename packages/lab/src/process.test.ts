import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { noLab } from './capability.fixture.js';
import type { Host } from './host.js';
import { Lab } from './lab.js';
import { state } from './proc.js';

describe.skipIf(noLab())('a process on a host', () => {
  let lab: Lab;
  let host: Host;

  beforeAll(async () => {
    lab = await Lab.create();
    host = await lab.host('a');
  });

  afterAll(async () => {
    await lab.close();
  });

  it('has pipes, arguments, environment and folder', async () => {
    const process = await host.spawn('sh', ['-c', 'cat; echo "$1 $WORD $PWD"; echo oops >&2', 'sh', 'a b'], {
      env: { WORD: 'of honour' },
      cwd: '/usr',
    });
    process.stdin.end('typed ');
    const [out, err] = await Promise.all([text(process.stdout), text(process.stderr)]);
    expect(out).toBe('typed a b of honour /usr\n');
    expect(err).toBe('oops\n');
  });

  it('keeps the environment of its maker', async () => {
    const process = await host.spawn('sh', ['-c', 'echo $PATH'], { env: { WORD: 'x' } });
    expect((await text(process.stdout)).trim()).toBe(globalThis.process.env['PATH']);
  });

  it('tells its exit status', async () => {
    const process = await host.spawn('sh', ['-c', 'exit 3']);
    expect(await process.exited).toEqual({ code: 3, signal: null });
    expect(process.running).toBe(false);
  });

  it('tells its end even if it was over before anyone looked', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => host.spawn('true')));
    for (const process of all) expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('tells the signal that ended it', async () => {
    const process = await host.spawn('sleep', ['1000']);
    process.kill();
    expect(await process.exited).toEqual({ code: null, signal: 'SIGTERM' });
    process.kill();
  });

  it('is known by its own number, not by that of a wrapper', async () => {
    const process = await host.spawn('sleep', ['1000']);
    await vi.waitFor(() => expect(readlinkSync(`/proc/${process.pid}/exe`)).toMatch(/sleep|busybox|coreutils/));
    expect(readlinkSync(`/proc/${process.pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
    process.kill('SIGKILL');
    expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(state(process.pid)).toBeUndefined();
  });

  it('that is no command is an error which says so', async () => {
    await expect(host.spawn('no-such-command')).rejects.toThrow('cannot start no-such-command: no command');
    await expect(host.spawn('true', [], { cwd: '/no/such' })).rejects.toThrow('no folder /no/such');
  });

  it('has no pipe where none was asked for', async () => {
    const process = await host.spawn('sh', ['-c', 'echo lost'], { stdio: ['ignore', 'ignore', 'pipe'] });
    expect(() => process.stdout).toThrow('the stdout of process');
    expect(await text(process.stderr)).toBe('');
  });

  it('can be frozen and thawed, again and again', async () => {
    const process = await host.spawn('cat');
    for (let round = 0; round < 50; round += 1) {
      await process.freeze();
      expect(state(process.pid)).toBe('T');
      await process.thaw();
      expect(state(process.pid)).not.toBe('T');
    }
    await process.freeze();
    process.stdin.write('x');
    const answer = once(process.stdout, 'data');
    expect(state(process.pid)).toBe('T');
    await process.thaw();
    expect(String(await answer)).toBe('x');
    process.kill();
  });

  it('can be killed while it is frozen', async () => {
    const process = await host.spawn('sleep', ['1000']);
    await process.freeze();
    process.kill('SIGKILL');
    expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('exchanges messages, if it is a Node.js program', async () => {
    const program = new URL('./endpoint.fixture.mjs', import.meta.url);
    const process = await host.node(program, [], { stdio: 'inherit' });
    await process.send({ id: 7, operation: 'datagrams', args: [] });
    const [message] = await once(process.messages, 'message');
    expect(message).toEqual({ id: 7, result: 0 });
    process.kill();
    expect(await process.exited).toEqual({ code: null, signal: 'SIGTERM' });
    await expect(process.send('late')).rejects.toThrow('Channel closed');
  });
});
