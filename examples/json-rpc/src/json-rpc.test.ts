import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RpcClient } from './client.js';

const program = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
const ignore = () => {};
const logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

async function startServer(port = 0): Promise<{ process: ChildProcess; port: number }> {
  const server = spawn(process.execPath, [program('serve')], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const [line] = (await once(createInterface(server.stdout as Readable), 'line')) as [string];
  return { process: server, port: Number(line.replace('listening on port ', '')) };
}

function connectTo(port: number, max = 2): RpcClient {
  const client = new RpcClient({ host: '127.0.0.1', port, max, logger });
  onTestFinished(() => client.close());
  return client;
}

describe('the example JSON-RPC client', () => {
  it('calls the methods of a server in another process', async () => {
    const client = connectTo((await startServer()).port);
    expect(await client.call('add', [1, 2])).toBe(3);
    const long = 'ä'.repeat(1_000_000);
    expect(await client.call('echo', [long])).toBe(long);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => client.call('echo', [{ index }])));
    expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => ({ index })));
  });

  it('is told what the server says no to, and goes on on the same connection', async () => {
    const client = connectTo((await startServer()).port, 1);
    await expect(client.call('subtract', [2, 1])).rejects.toMatchObject({ name: 'RpcError', code: -32601 });
    expect(await client.call('add', [1, 2])).toBe(3);
  });

  it('waits for a slow answer no longer than it is told to, and never takes it for another call’s', async () => {
    const client = connectTo((await startServer()).port, 1);
    const slow = client.call('sleep', [300], { timeoutMillis: 50 });
    await expect(slow).rejects.toThrow('no answer within 50 ms');
    expect(await client.call('echo', ['mine'])).toBe('mine');
    expect(await client.call('sleep', [400])).toBe('slept');
  });

  it('fails calls under way when the server is killed, and is served again as soon as it is back', async () => {
    const server = await startServer();
    const client = connectTo(server.port);
    expect(await client.call('add', [1, 2])).toBe(3);
    const underWay = expect(client.call('sleep', [60_000])).rejects.toThrow(/ended|ECONNRESET/);
    server.process.kill('SIGKILL');
    await underWay;

    const patient = client.call('add', [3, 4]);
    await startServer(server.port);
    expect(await patient).toBe(7);
  });

  it('can be tried from the command line', async () => {
    const { port } = await startServer();
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, [program('call'), ...args], {
        env: { ...process.env, PORT: String(port) },
      });
    expect((await run('add', '40', '2')).stdout).toBe('42\n');
    await expect(run('subtract')).rejects.toMatchObject({ code: 1, stderr: 'there is no method subtract\n' });
  });
});
