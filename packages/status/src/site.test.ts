import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { respond } from './fetch-face.js';
import { eventsFrom, fakePool, next, openPool } from './rig.fixture.js';
import { Site } from './site.js';

function makeSite(): Site {
  const site = new Site();
  onTestFinished(() => site.close());
  return site;
}

describe('Site', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes a sample each second, and keeps those of ten minutes', () => {
    const site = makeSite();
    const pool = fakePool();
    openPool(pool);
    vi.advanceTimersByTime(700_000);
    const { at = [], idle = [] } = Object.values(site.report().history)[0] ?? {};
    expect(at).toHaveLength(600);
    expect(at.slice(1).map((each, index) => each - (at[index] ?? 0))).toEqual(Array(599).fill(1000));
    expect(idle).toEqual(Array(600).fill(1));
  });

  it('asks the kernel only while somebody looks', async () => {
    const site = makeSite();
    const pool = fakePool();
    openPool(pool);
    vi.advanceTimersByTime(5000);
    expect(pool.connections).toHaveBeenCalledTimes(5);
    expect(pool.sockets).not.toHaveBeenCalled();
    const leave = site.follow({ send: () => {}, end: () => {} });
    vi.advanceTimersByTime(3000);
    expect(pool.sockets).toHaveBeenCalledTimes(4);
    leave();
    vi.advanceTimersByTime(3000);
    expect(pool.sockets).toHaveBeenCalledTimes(4);
  });

  it('keeps no process from ending', () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    makeSite();
    expect(timers()).toBe(before);
  });

  it('listens to no more than a few loans a second, and to none once it is closed', () => {
    const acquire = channel('lifeguard:pool:acquire');
    const site = new Site();
    const loans = () => {
      let count = 0;
      for (; acquire.hasSubscribers && count < 1000; count += 1) acquire.publish({ pool: fakePool() });
      return count;
    };
    expect(loans()).toBe(16);
    expect(loans()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(loans()).toBe(16);
    vi.advanceTimersByTime(1000);
    site.close();
    expect(acquire.hasSubscribers).toBe(false);
    for (const event of ['open', 'closed', 'connect', 'suspect', 'recover', 'evict', 'error'])
      expect(channel(`lifeguard:pool:${event}`).hasSubscribers, event).toBe(false);
  });

  it('keeps the latest 200 events', () => {
    const site = makeSite();
    for (let count = 0; count < 250; count += 1)
      channel('lifeguard:pool:suspect').publish({ pool: fakePool(), connection: {} });
    expect(site.report().events.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, n) => n + 51));
  });

  it('lets go of a reader who does not read', async () => {
    const site = makeSite();
    const pool = fakePool();
    openPool(pool);
    const { body } = respond(site, new Request('http://localhost/?format=events'));
    vi.advanceTimersByTime(500_000);
    const calls = pool.sockets.mock.calls.length;
    expect(calls).toBeLessThan(110);
    let events = 0;
    for await (const _ of eventsFrom(body)) events += 1;
    expect(events).toBe(calls);
  });

  it('asks for nothing more when a reader has gone', async () => {
    const site = makeSite();
    const pool = fakePool();
    openPool(pool);
    const events = eventsFrom(respond(site, new Request('http://localhost/?format=events')).body);
    await next(events, 'report');
    await events.return(undefined);
    vi.advanceTimersByTime(5000);
    expect(pool.sockets).toHaveBeenCalledTimes(1);
  });
});
