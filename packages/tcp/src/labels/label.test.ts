import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import fs, { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fdOf } from '../fd.js';
import { runModule } from '../testing/child.js';
import { needsLinux } from '../testing/needs.js';
import { connect, connectTls, discard, startServer, startTlsServer } from '../testing/servers.js';
import { label } from './label.js';
import { LABEL_FILE_LINK, parseLabels } from './label-file.js';

vi.mock('node:fs', { spy: true });

const LABELS_URL = new URL('../../dist/labels/index.js', import.meta.url).href;

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** As somebody outside sees them: labels by inode number; `undefined` without a file. */
function labelsInFile(): ReadonlyMap<string, string> | undefined {
  const fd = readdirSync('/proc/self/fd').find((each) => targetOf(each) === LABEL_FILE_LINK);
  return fd === undefined ? undefined : parseLabels(readFileSync(`/proc/self/fd/${fd}`));
}

/** By the link that `lifeguard watch` reads. */
function inodeOf(socket: Socket): string {
  return /^socket:\[(\d+)\]$/.exec(targetOf(String(fdOf(socket))))?.[1] ?? 'none';
}

function expectInFile(expected: Readonly<Record<string, string>> | undefined): Promise<void> {
  return vi.waitFor(() => expect(labelsInFile()).toEqual(expected && new Map(Object.entries(expected))), {
    timeout: 5000,
    interval: 10,
  });
}

/** A port of a process that has no time for it: from the third connection on the kernel answers none. */
async function startBusyServer(): Promise<number> {
  const script = `const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  return Number(port);
}

describe.runIf(needsLinux())('a label', () => {
  test('can be read from outside by the inode number of its socket', async () => {
    const server = await startServer();
    const [one, two, three] = [await connect(server), await connect(server), await connect(server)];
    label(one, 'orders');
    label(two, 'sessions');
    label(three, 'orders');
    await expectInFile({ [inodeOf(one)]: 'orders', [inodeOf(two)]: 'sessions', [inodeOf(three)]: 'orders' });
  });

  test('leaves it to Node.js to find modules behind a symbolic link', async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'lifeguard-'));
    onTestFinished(() => fs.rmSync(folder, { recursive: true }));
    fs.mkdirSync(join(folder, 'real'));
    for (const name of ['first', 'second']) fs.writeFileSync(join(folder, 'real', `${name}.cjs`), '');
    fs.symlinkSync('real', join(folder, 'link'));
    const { resolve } = createRequire(import.meta.url);
    const real = (name: string) => join(fs.realpathSync.native(folder), 'real', name);
    expect(resolve(join(folder, 'link', 'first.cjs'))).toBe(real('first.cjs'));
    const server = await startServer();
    const socket = await connect(server);
    vi.mocked(fs.writeSync).mockClear();
    label(socket, 'orders');
    // A look at the file would hide it: Node.js would have left something else behind.
    await vi.waitFor(() => expect(fs.writeSync).toHaveBeenCalled());
    expect(resolve(join(folder, 'link', 'second.cjs'))).toBe(real('second.cjs'));
  });

  test('ends with its socket, and the last with the file', async () => {
    const server = await startServer();
    const [one, two] = [await connect(server), await connect(server)];
    label(one, 'orders');
    label(two, 'sessions');
    await expectInFile({ [inodeOf(one)]: 'orders', [inodeOf(two)]: 'sessions' });
    one.destroy();
    await expectInFile({ [inodeOf(two)]: 'sessions' });
    two.destroy();
    await once(two, 'close');
    expect(labelsInFile()).toBeUndefined();
  });

  test('can be given before the socket connects, also for TLS', async () => {
    const [server, secureServer] = [await startServer(), await startTlsServer()];
    const socket = discard(net.connect(server.port, 'localhost'));
    label(socket, 'orders');
    const secure = await connectTls(secureServer);
    label(secure, 'secure');
    await vi.waitFor(() => expect(inodeOf(socket)).not.toBe('none'));
    await expectInFile({ [inodeOf(socket)]: 'orders', [inodeOf(secure)]: 'secure' });
  });

  test('is there while the peer has not answered yet, and goes over to the next address that is tried', async () => {
    const port = await startBusyServer();
    await Promise.all([1, 2].map(() => once(discard(net.connect(port, '127.0.0.1')), 'connect')));
    const other = net.createServer((socket) => discard(socket)).listen(port, '127.0.0.2');
    onTestFinished(() => void other.close());
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const socket = discard(
      net.connect({
        port,
        host: 'two.test',
        lookup: (_host, _options, found) => found(null, addresses),
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 1000,
      }),
    );
    label(socket, 'orders');
    await vi.waitFor(() => expect(inodeOf(socket)).not.toBe('none'));
    const first = inodeOf(socket);
    await expectInFile({ [first]: 'orders' });
    expect(socket.connecting).toBe(true);
    const written = vi.mocked(fs).writeSync.mock.calls.length;
    await once(socket, 'connect');
    expect([socket.remoteAddress, inodeOf(socket) === first]).toEqual(['127.0.0.2', false]);
    await expectInFile({ [inodeOf(socket)]: 'orders' });
    expect(vi.mocked(fs).writeSync.mock.calls.length).toBe(written + 1);
  });

  test('can be changed, and leaves one listener however often that is', async () => {
    const socket = await connect(await startServer());
    label(socket, 'orders');
    const before = socket.listenerCount('close');
    label(socket, 'sessions');
    expect(socket.listenerCount('close')).toBe(before);
    await expectInFile({ [inodeOf(socket)]: 'sessions' });
  });

  test('is given anew to a socket that connects again', async () => {
    const server = await startServer();
    const socket = await connect(server);
    label(socket, 'orders');
    socket.destroy();
    await once(socket, 'close');
    label(socket, 'orders');
    socket.connect(server.port, server.host);
    await once(socket, 'connect');
    await expectInFile({ [inodeOf(socket)]: 'orders' });
  });

  test('does not outlive a socket whose listeners were all taken off', async () => {
    const server = await startServer();
    const [one, two] = [await connect(server), await connect(server)];
    label(one, 'orders');
    await expectInFile({ [inodeOf(one)]: 'orders' });
    EventEmitter.prototype.removeAllListeners.call(one);
    one.destroy();
    label(two, 'orders');
    await expectInFile({ [inodeOf(two)]: 'orders' });
  });

  test('costs one write however many there are in a tenth of a second, and none if all are gone by then', async () => {
    const server = await startServer();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    const { writeSync, openSync } = vi.mocked(fs);
    const before = writeSync.mock.calls.length;
    for (const socket of sockets) label(socket, 'orders');
    await expectInFile(Object.fromEntries(sockets.map((socket) => [inodeOf(socket), 'orders'])));
    expect(writeSync.mock.calls.length - before).toBe(1);

    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    const opened = openSync.mock.calls.length;
    const brief = await connect(server);
    label(brief, 'orders');
    brief.destroy();
    await delay(200);
    expect(openSync.mock.calls.length).toBe(opened);
  });

  test('of the socket of an HTTP/2 session ends with the session, and ends nothing else', async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(session, 'connect');
    const other = await connect(await startServer());
    label(session.socket, 'orders');
    label(other, 'sessions');
    await expectInFile({ [inodeOf(session.socket)]: 'orders', [inodeOf(other)]: 'sessions' });
    session.destroy();
    await expectInFile({ [inodeOf(other)]: 'sessions' });
  });

  test('that could not be written is written at the next change', async () => {
    const server = await startServer();
    const [one, two] = [await connect(server), await connect(server)];
    const { writeSync } = vi.mocked(fs);
    const before = writeSync.mock.calls.length;
    writeSync.mockImplementationOnce(() => {
      throw new Error('ENOSPC');
    });
    label(one, 'orders');
    await vi.waitFor(() => expect(writeSync.mock.calls.length).toBe(before + 1));
    label(two, 'orders');
    await expectInFile({ [inodeOf(one)]: 'orders', [inodeOf(two)]: 'orders' });
  });
});

/** What a child process begins with. */
const CHILD = `
  import { once } from 'node:events';
  import fs from 'node:fs';
  import net from 'node:net';
  import { setTimeout as delay } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  import { label, LABEL_FILE_LINK } from ${JSON.stringify(LABELS_URL)};
  const files = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd) === LABEL_FILE_LINK; } catch { return false; }
  }).length;
  const until = async (count) => {
    for (const end = Date.now() + 5000; files() !== count && Date.now() < end; ) await delay(10);
    return files();
  };
  const connectTo = async (port) => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
`;

describe.runIf(needsLinux())('the file of the labels', () => {
  test('keeps no process alive, and is not passed on to its children', async () => {
    const { port } = await startServer();
    const report = await runModule(`${CHILD}
      import { execFileSync } from 'node:child_process';
      const socket = await connectTo(${port});
      label(socket, 'orders');
      const own = await until(1);
      const list = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
      socket.unref();
      label(socket, 'sessions');
      const waits = process.getActiveResourcesInfo().includes('Timeout');
      console.log(JSON.stringify({ own, inherited: list.includes(LABEL_FILE_LINK), waits }));
    `);
    expect(report).toEqual({ own: 1, inherited: false, waits: false });
  });

  test('goes with a worker thread that is ended in the midst of its work', async () => {
    const { port } = await startServer();
    const work = `${CHILD}
      label(await connectTo(${port}), 'orders');
      setInterval(() => {}, 1000);
    `;
    const report = await runModule(`${CHILD}
      label(await connectTo(${port}), 'sessions');
      const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(work)}));
      const worker = new Worker(url);
      const both = await until(2);
      await worker.terminate();
      console.log(JSON.stringify({ both, left: await until(1) }));
      process.exit();
    `);
    expect(report).toEqual({ both: 2, left: 1 });
  });

  test.each([
    ['with LIFEGUARD_ENABLED off', '', { LIFEGUARD_ENABLED: 'off' }],
    [
      'without koffi',
      `import Module from 'node:module';
       const resolve = Module._resolveFilename;
       Module._resolveFilename = (request, ...rest) => {
         if (request === 'koffi') throw new Error('no koffi here');
         return resolve(request, ...rest);
       };`,
      {},
    ],
  ])('is not there %s', async (_, before, env) => {
    const { port } = await startServer();
    const report = await runModule(
      `${CHILD}${before}
      label(await connectTo(${port}), 'orders');
      await delay(300);
      console.log(files());
      process.exit();
    `,
      { env },
    );
    expect(report).toBe(0);
  });
});
