import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { StatusReport } from './report.js';
import { eventsFrom, listen, makePage, makePeer, makePool, next, serveHttp } from './rig.fixture.js';

async function reportOf(url: string): Promise<StatusReport> {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return (await response.json()) as StatusReport;
}

describe('statusPage', () => {
  it('tells as JSON what each pool holds, and what the kernel knows of each connection', async () => {
    const url = await serveHttp(makePage());
    const { address, connect } = await makePeer();
    const pool = makePool(connect, { name: 'orders', max: 4, min: 2 });
    await pool.ready();
    await pool.acquire();
    const { pools, process: about, at } = await reportOf(url);
    expect(about).toEqual({ pid: process.pid, host: hostname(), node: process.version });
    expect(Math.abs(Date.now() - at)).toBeLessThan(1000);
    expect(pools).toMatchObject([
      {
        name: 'orders',
        min: 2,
        max: 4,
        now: { lent: 1, idle: 1, connecting: 0, quarantined: 0, waiting: 0 },
        totals: { created: 2, acquired: 1 },
      },
    ]);
    const { connections = [] } = pools[0] ?? {};
    expect(connections.map(({ place }) => place).sort()).toEqual(['idle', 'lent']);
    for (const { peer, sockets } of connections) {
      expect(peer).toBe(address);
      expect(sockets).toMatchObject([{ peer: address }]);
      if (process.platform === 'linux')
        expect(sockets).toMatchObject([{ verdict: 'alive', info: { state: 'ESTABLISHED', probes: 0, unacked: 0 } }]);
    }
  });

  it('counts who waits and what is being connected', async () => {
    const url = await serveHttp(makePage());
    const pool = makePool(() => new Promise(() => {}), { max: 1, acquireTimeoutMillis: 0 });
    for (let caller = 0; caller < 3; caller += 1) pool.acquire().catch(() => {});
    const { pools } = await reportOf(url);
    expect(pools.map(({ now }) => now)).toEqual([{ lent: 0, idle: 0, connecting: 1, quarantined: 0, waiting: 3 }]);
  });

  it('finds a pool that was there before it, by its next loan', async () => {
    const { connect } = await makePeer();
    const pool = makePool(connect, { name: 'early', min: 1 });
    await pool.ready();
    const url = await serveHttp(makePage());
    expect((await reportOf(url)).pools).toEqual([]);
    await pool.use(() => {});
    expect((await reportOf(url)).pools.map(({ name }) => name)).toEqual(['early']);
  });

  it('tells pools of the same name apart', async () => {
    const url = await serveHttp(makePage());
    const { connect } = await makePeer();
    for (const max of [1, 2]) makePool(connect, { name: 'twin', max });
    const { pools } = await reportOf(url);
    expect(pools.map(({ max }) => max)).toEqual([1, 2]);
    expect(new Set(pools.map(({ id }) => id)).size).toBe(2);
  });

  it('forgets a pool that is closed, though that evicts connections; what happened stays', async () => {
    const url = await serveHttp(makePage());
    const { address, connect } = await makePeer();
    const pool = makePool(connect, { name: 'short', min: 1 });
    await pool.ready();
    await pool.close();
    const { pools, events } = await reportOf(url);
    expect(pools).toEqual([]);
    expect(events).toMatchObject([{ pool: 'short', kind: 'evict', reason: 'closed', peer: address }]);
  });

  it('sends everything at once to who follows, an eviction as it happens, and what is the case each second', async () => {
    const url = await serveHttp(makePage());
    const { address, connect, sockets } = await makePeer();
    const pool = makePool(connect, { name: 'orders', max: 1 });
    await pool.use(() => {});
    const response = await fetch(url, { headers: { accept: 'text/event-stream' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = eventsFrom(response.body);
    expect(await next(events, 'report')).toMatchObject({ pools: [{ name: 'orders', now: { idle: 1 } }], events: [] });
    sockets[0]?.resetAndDestroy();
    expect(await next(events, 'event')).toMatchObject({
      pool: 'orders',
      kind: 'evict',
      reason: 'reset',
      peer: address,
      error: 'ECONNRESET',
      number: 1,
    });
    expect(await next(events, 'tick')).toMatchObject({ pools: [{ name: 'orders', now: { idle: 0 } }] });
    await events.return(undefined);
    // It is told once, though the pool tells it as an eviction and as an error.
    expect((await reportOf(url)).events).toHaveLength(1);
  });

  it('tells of connects that fail in the background, by a code and not by a message', async () => {
    const url = await serveHttp(makePage());
    const secret = 'hunter2';
    const refuse = () => Promise.reject(Object.assign(new Error(`no entry with ${secret}`), { code: '28P01' }));
    const pool = makePool(refuse, { name: 'locked', min: 1, autostart: true });
    await expect.poll(() => pool.stats().connectFailures).toBeGreaterThan(0);
    const response = await fetch(`${url}?format=json`);
    const text = await response.text();
    expect(JSON.parse(text).events[0]).toMatchObject({ pool: 'locked', kind: 'error', error: '28P01' });
    expect(text).not.toContain(secret);
  });

  it('serves one page that fetches nothing and runs only what is in it', async () => {
    const url = await serveHttp(makePage());
    const response = await fetch(url, { headers: { accept: 'text/html,application/json;q=0.9' } });
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    const contents = (tag: string) =>
      Array.from(html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs')), ([, text = '']) => text);
    const hashes = (tag: string) =>
      contents(tag).map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    expect(contents('script')).toHaveLength(2);
    expect(response.headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashes('script').join(' ')}`,
      `style-src ${hashes('style').join(' ')}`,
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]);
    expect(html).not.toMatch(/\s(src|href)="(?!data:|\?format=)/);
    expect(html).not.toMatch(/\sstyle=/);
  });

  it.each(['html', 'json', 'events', 'nothing-such'])(
    'answers HEAD for %s as GET, without the body',
    async (format) => {
      const url = `${await serveHttp(makePage())}/?format=${format}`;
      const [head, whole] = [await fetch(url, { method: 'HEAD' }), await fetch(url)];
      await whole.body?.cancel();
      const facts = ({ status, headers }: Response) => {
        const {
          date,
          'content-length': _,
          'transfer-encoding': __,
          connection,
          'keep-alive': ___,
          ...rest
        } = Object.fromEntries(headers);
        return { status, rest };
      };
      expect(facts(head)).toEqual(facts(whole));
      expect(await head.text()).toBe('');
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const response = await fetch(await serveHttp(makePage()), { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('knows no other formats', async () => {
    expect((await fetch(`${await serveHttp(makePage())}?format=xml`)).status).toBe(404);
  });

  it.each(['html', 'json', 'events'])('%s is not kept, guessed at, or given to other sites', async (format) => {
    const response = await fetch(`${await serveHttp(makePage())}?format=${format}`);
    await response.body?.cancel();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('when it is closed, ends its streams, so that the server can close, and answers 503', async () => {
    const page = makePage();
    const server = createServer(page);
    const url = await listen(server);
    const [response] = (await once(get(`${url}?format=events`), 'response')) as [IncomingMessage];
    response.resume();
    const ended = once(response, 'end');
    page.close();
    await ended;
    expect((await fetch(url)).status).toBe(503);
    expect(page.fetch(new Request(url)).status).toBe(503);
  });
});
