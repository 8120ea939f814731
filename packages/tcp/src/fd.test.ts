import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { baseHandleOf, fdOf, isTcp } from './fd.js';
import { TEST_CERTIFICATE, TEST_KEY } from './testing/certificate.js';
import { connect, connectTls, discard, startServer, startTlsServer, TRUST, upgrade } from './testing/servers.js';

describe('the file descriptor', () => {
  test('of a connected socket is a real one', async () => {
    const socket = await connect(await startServer());
    expect(fdOf(socket)).toBeGreaterThan(2);
  });

  test('is -1 before connecting, while connecting and after closing', async () => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    expect(fdOf(socket)).toBe(-1);
    socket.connect(server.port, server.host);
    expect(fdOf(socket)).toBe(-1);
    await once(socket, 'connect');
    socket.destroy();
    expect(fdOf(socket)).toBe(-1);
  });

  test('of TLS is that of the socket below, opened by TLS itself or upgraded', async () => {
    const server = await startTlsServer();
    expect(fdOf(await connectTls(server))).toBeGreaterThan(2);
    const socket = await connect(server);
    const fd = fdOf(socket);
    const upgraded = await upgrade(socket, server.host);
    expect(fdOf(upgraded)).toBe(fd);
    expect(fdOf(socket)).toBe(fd);
    expect(baseHandleOf(upgraded)).toBe(baseHandleOf(socket));
  });

  test('of TLS over a stream that is no socket is -1, and there is no TCP below', async () => {
    const server = await startTlsServer();
    const socket = await connect(server);
    const stream = Duplex.from({ readable: socket, writable: socket });
    const overStream = discard(tls.connect({ socket: stream, host: server.host, ...TRUST }));
    await once(overStream, 'secureConnect');
    expect(fdOf(overStream)).toBe(-1);
    const handle = baseHandleOf(overStream);
    expect(handle && isTcp(handle)).toBe(false);
  });

  test('of an HTTP/2 session is found through its proxy, and is -1 once the session has let go of its socket', async () => {
    const server = http2.createSecureServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const session = http2.connect(`https://127.0.0.1:${port}`, TRUST);
    await once(session, 'connect');
    const { socket } = session;
    expect(fdOf(socket)).toBeGreaterThan(2);
    session.destroy();
    await once(session, 'close');
    expect(fdOf(socket)).toBe(-1);
  });
});
