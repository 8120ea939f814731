import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { serve } from './node-face.js';
import { fakePool, listen, openPool } from './rig.fixture.js';
import { Site } from './site.js';

/** Somebody who follows, and does not read. @returns both ends */
async function follow(site: Site): Promise<{ incoming: IncomingMessage; response: ServerResponse }> {
  let response: ServerResponse | undefined;
  const server = createServer((request, answer) => {
    response = answer;
    serve(site, request, answer);
  });
  const [incoming] = (await once(get(`${await listen(server)}/?format=events`), 'response')) as [IncomingMessage];
  onTestFinished(() => void incoming.destroy());
  if (!response) throw new Error('There was no request');
  return { incoming: incoming.on('error', () => {}), response };
}

describe('serve', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks for nothing more when a reader has gone', async () => {
    const site = new Site();
    onTestFinished(() => site.close());
    const pool = fakePool();
    openPool(pool);
    const { incoming, response } = await follow(site);
    vi.advanceTimersByTime(1000);
    expect(pool.sockets).toHaveBeenCalledTimes(2);
    incoming.destroy();
    await once(response, 'close');
    vi.advanceTimersByTime(5000);
    expect(pool.sockets).toHaveBeenCalledTimes(2);
  });

  it('asks for nothing for a reader who had gone before it was called', async () => {
    const site = new Site();
    onTestFinished(() => site.close());
    const pool = fakePool();
    openPool(pool);
    // As where somebody else is asked first who may see the page.
    const server = createServer();
    const reader = get(`${await listen(server)}/?format=events`).on('error', () => {});
    const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    reader.destroy();
    await once(response, 'close');
    serve(site, request, response);
    vi.advanceTimersByTime(5000);
    expect(pool.sockets).not.toHaveBeenCalled();
  });

  it('lets go of a reader who does not read', async () => {
    const site = new Site();
    onTestFinished(() => site.close());
    openPool(fakePool('x'.repeat(1_000_000)));
    const { response } = await follow(site);
    const closed = once(response, 'close');
    // More than the buffers of both kernels hold (tcp_wmem and tcp_rmem: 4 MB and 6 MB), and what is kept for a reader here.
    vi.advanceTimersByTime(30_000);
    await closed;
    expect(response.destroyed).toBe(true);
  });
});
