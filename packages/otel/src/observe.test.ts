import { channel } from 'node:diagnostics_channel';
import { Pool as PgPool } from '@lifeguard/pg';
import { context, diag, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { observeAllPools, observePool } from './observe.js';
import { poolOfThings, startMeter } from './pools.fixture.js';

const COUNT = 'db.client.connection.count';
const state = (name: string) => ({ 'db.client.connection.state': name });
const reason = (name: string) => ({ 'lifeguard.eviction.reason': name });
const delay = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

describe('a pool', () => {
  test('shows how many connections are in which state, and what is allowed', async () => {
    const { meterProvider, collect } = startMeter();
    let connects = 0;
    // The fourth connect never ends.
    const create = () => {
      connects += 1;
      return connects < 4 ? Promise.resolve({ id: connects }) : new Promise<never>(() => {});
    };
    const pool = poolOfThings({ name: 'orders', max: 7 }, create);
    observePool(pool, { meterProvider });
    const lent = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const each of lent.slice(1)) await pool.release(each);
    const metrics = await collect();
    expect(metrics.value(COUNT, 'orders', state('used'))).toBe(1);
    expect(metrics.value(COUNT, 'orders', state('idle'))).toBe(2);
    expect(metrics.value(COUNT, 'orders', state('connecting'))).toBe(0);
    expect(metrics.value(COUNT, 'orders', state('quarantined'))).toBe(0);
    expect(metrics.value('db.client.connection.max', 'orders')).toBe(7);
    expect(metrics.value('db.client.connection.idle.max', 'orders')).toBe(7);
    expect(metrics.value('db.client.connection.idle.min', 'orders')).toBe(0);
    await Promise.all([pool.acquire(), pool.acquire()]);
    const waiting = pool.acquire({ timeoutMillis: 40 });
    const later = await collect();
    expect(later.value(COUNT, 'orders', state('connecting'))).toBe(1);
    expect(later.value('db.client.connection.pending_requests', 'orders')).toBe(1);
    expect(later.value('db.client.connection.timeouts', 'orders')).toBe(0);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
    expect((await collect()).value('db.client.connection.timeouts', 'orders')).toBe(1);
  });

  test('shows in seconds how long connects, waits and loans took', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings({ max: 1 }, async () => {
      await delay(60);
      return { id: 1 };
    });
    observePool(pool, { meterProvider });
    await pool.use(() => delay(120));
    await pool.use(() => {});
    const metrics = await collect();
    const create = metrics.histogram('db.client.connection.create_time', 'things');
    const wait = metrics.histogram('db.client.connection.wait_time', 'things');
    const use = metrics.histogram('db.client.connection.use_time', 'things');
    expect([create.count, wait.count, use.count]).toEqual([1, 2, 2]);
    expect(create.sum).toBeGreaterThan(0.055);
    expect(create.sum).toBeLessThan(0.11);
    // The first waits for the connect, the second for nothing.
    expect(wait.max).toBeGreaterThan(0.055);
    expect(wait.min).toBe(0);
    expect(use.max).toBeGreaterThan(0.115);
    expect(use.max).toBeLessThan(1);
    expect(create.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
    expect(metrics.value('lifeguard.connection.acquires', 'things')).toBe(2);
  });

  test('a loan that ends by the connection’s destruction counts as used too', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings();
    observePool(pool, { meterProvider });
    await pool.destroy(await pool.acquire());
    const metrics = await collect();
    expect(metrics.histogram('db.client.connection.use_time', 'things').count).toBe(1);
    expect(metrics.value('lifeguard.connection.evictions', 'things', reason('destroyed'))).toBe(1);
  });

  test('counts evictions by reason, and those of its end as well', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings();
    const stop = observeAllPools({ meterProvider });
    const [one, other] = await Promise.all([pool.acquire(), pool.acquire()]);
    await pool.release(one, new Error('broken'));
    await pool.release(other);
    await pool.close();
    const metrics = await collect();
    expect(metrics.value('lifeguard.connection.evictions', 'things', reason('released-with-error'))).toBe(1);
    expect(metrics.value('lifeguard.connection.evictions', 'things', reason('closed'))).toBe(1);
    expect(metrics.value('lifeguard.connection.acquires', 'things')).toBe(2);
    expect(metrics.poolsOf(COUNT)).toEqual([]);
    stop();
  });

  test('counts connects that failed', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings({ acquireTimeoutMillis: 30 }, () => Promise.reject(new Error('no')));
    observePool(pool, { meterProvider });
    await expect(pool.acquire()).rejects.toThrow();
    expect((await collect()).value('lifeguard.connection.create_failures', 'things')).toBeGreaterThan(0);
    await pool.close();
  });

  test('counts suspects and recoveries, and the time from the first sign to the eviction', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings();
    observePool(pool, { meterProvider });
    const [well, ill, closed] = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const each of [well, ill, closed]) pool.emit('suspect', each);
    pool.emit('recover', well);
    await delay(30);
    const silence = Object.assign(new Error('silence'), { code: 'ETIMEDOUT' });
    await pool.release(ill, silence);
    // Of its end there was no sign: that it was once suspect is over.
    await pool.release(well, silence);
    await pool.destroy(closed);
    await pool.close();
    const metrics = await collect();
    expect(metrics.value('lifeguard.connection.suspects', 'things')).toBe(3);
    expect(metrics.value('lifeguard.connection.recoveries', 'things')).toBe(1);
    const detection = metrics.histogram('lifeguard.connection.detection_time', 'things');
    expect(detection.count).toBe(1);
    expect(detection.sum).toBeGreaterThan(0.025);
    expect(detection.sum).toBeLessThan(5);
  });
});

describe('several pools', () => {
  test('each has its own figures, and its own name even if they are called the same', async () => {
    const { meterProvider, collect } = startMeter();
    const pools = [poolOfThings(), poolOfThings(), poolOfThings({ name: 'orders' }), poolOfThings()];
    for (const [index, pool] of pools.entries()) {
      observePool(pool, { meterProvider, ...(index === 3 && { name: 'mine' }) });
      await Promise.all(Array.from({ length: index + 1 }, () => pool.acquire()));
    }
    const metrics = await collect();
    const used = ['things', 'things-2', 'orders', 'mine'].map((name) => metrics.value(COUNT, name, state('used')));
    expect(used).toEqual([1, 2, 3, 4]);
    expect(metrics.value('lifeguard.connection.acquires', 'things-2')).toBe(2);
    expect(metrics.histogram('db.client.connection.wait_time', 'orders').count).toBe(3);
  });

  test('a counter does not go back when a pool is closed and another takes its name', async () => {
    const { meterProvider, collect } = startMeter();
    for (const expected of [1, 2]) {
      const pool = poolOfThings();
      observePool(pool, { meterProvider });
      await pool.use(() => {});
      expect((await collect()).value('lifeguard.connection.acquires', 'things')).toBe(expected);
      await pool.close();
      expect((await collect()).value('lifeguard.connection.acquires', 'things')).toBe(expected);
    }
  });

  test('one that is observed twice is counted once', async () => {
    const { meterProvider, collect } = startMeter();
    const stop = observeAllPools({ meterProvider });
    const pool = poolOfThings();
    observePool(pool, { meterProvider, name: 'again' });
    await pool.use(() => {});
    const metrics = await collect();
    expect(metrics.poolsOf('db.client.connection.max')).toEqual(['things']);
    expect(metrics.histogram('db.client.connection.use_time', 'things').count).toBe(1);
    stop();
  });

  test('one that is observed twice is observed until both have ended it', () => {
    const { meterProvider } = startMeter();
    const stopAll = observeAllPools({ meterProvider });
    const pool = poolOfThings();
    const stop = observePool(pool, { meterProvider });
    stopAll();
    stopAll();
    expect(pool.listenerCount('acquire')).toBe(1);
    stop();
    expect(pool.listenerCount('acquire')).toBe(0);
  });

  test('all are found: made later, made before, and those inside the adapters', async () => {
    const { meterProvider, collect } = startMeter();
    const before = poolOfThings({ name: 'before' });
    const stop = observeAllPools({ meterProvider });
    const later = poolOfThings({ name: 'later' });
    const inside = new PgPool({ host: 'localhost', max: 3 });
    expect((await collect()).poolsOf('db.client.connection.max')).toEqual(['later', 'pg']);
    await before.acquire();
    const metrics = await collect();
    expect(metrics.poolsOf('db.client.connection.max')).toEqual(['later', 'pg', 'before']);
    expect(metrics.value('db.client.connection.max', 'pg')).toBe(3);
    expect(metrics.histogram('db.client.connection.create_time', 'before').count).toBe(1);
    stop();
    await inside.end();
    await later.close();
  });
});

describe('nobody listens', () => {
  const SIGNS = ['open', 'connect', 'acquire', 'release', 'suspect', 'recover', 'evict', 'error'];

  test('without a meter provider nothing is heard, and nothing paid', () => {
    const pool = poolOfThings();
    observePool(pool);
    const stop = observeAllPools();
    for (const event of SIGNS) expect(channel(`lifeguard:pool:${event}`).hasSubscribers).toBe(false);
    expect(pool.listenerCount('acquire')).toBe(0);
    stop();
  });

  test('with one, no message is made of a loan', () => {
    const stop = observeAllPools({ meterProvider: startMeter().meterProvider });
    expect(channel('lifeguard:pool:acquire').hasSubscribers).toBe(false);
    expect(channel('lifeguard:pool:release').hasSubscribers).toBe(false);
    stop();
  });

  test('what is stopped leaves nothing behind', async () => {
    const { meterProvider, collect } = startMeter();
    const pool = poolOfThings();
    const stopOne = observePool(pool, { meterProvider });
    stopOne();
    const stopAll = observeAllPools({ meterProvider });
    await pool.use(() => {});
    stopAll();
    for (const event of SIGNS) expect(channel(`lifeguard:pool:${event}`).hasSubscribers).toBe(false);
    for (const event of ['connect', 'acquire', 'release', 'suspect', 'recover', 'evict'] as const) {
      expect(pool.listenerCount(event)).toBe(0);
    }
    expect((await collect()).poolsOf(COUNT)).toEqual([]);
  });
});

describe('a slow acquire', () => {
  const spans = new InMemorySpanExporter();

  afterEach(() => {
    spans.reset();
    trace.disable();
    context.disable();
  });

  function startTracing() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
    return trace.getTracer('test');
  }

  test('is a span of the time that it took, in the trace of who waited; a quick one is none', async () => {
    const tracer = startTracing();
    const pool = poolOfThings({ name: 'orders', max: 1 });
    observePool(pool, { meterProvider: startMeter().meterProvider, slowAcquireMillis: 40 });
    const first = await pool.acquire();
    const second = tracer.startActiveSpan('mine', (span) => pool.acquire().finally(() => span.end()));
    await delay(60);
    // Who gives back has nothing to do with who waited.
    await tracer.startActiveSpan('another', (span) => pool.release(first).finally(() => span.end()));
    await pool.release(await second);
    const [slow, ...others] = spans.getFinishedSpans().filter(({ name }) => name === 'lifeguard.acquire');
    const mine = spans.getFinishedSpans().find(({ name }) => name === 'mine');
    expect(others).toEqual([]);
    expect(slow?.attributes).toEqual({ 'db.client.connection.pool.name': 'orders' });
    expect(slow?.parentSpanContext?.spanId).toBe(mine?.spanContext().spanId);
    const [seconds = 0, nanos = 0] = slow?.duration ?? [];
    expect(seconds * 1000 + nanos / 1e6).toBeGreaterThanOrEqual(40);
  });

  test('in vain, it is a span with its error', async () => {
    startTracing();
    const pool = poolOfThings({ max: 1 });
    observePool(pool, { meterProvider: startMeter().meterProvider, slowAcquireMillis: 20 });
    await pool.acquire();
    await expect(pool.acquire({ timeoutMillis: 40 })).rejects.toThrow();
    const [slow] = spans.getFinishedSpans();
    expect(slow?.status.code).toBe(SpanStatusCode.ERROR);
    expect(slow?.events[0]?.attributes?.['exception.message']).toMatch(/ms/);
  });

  test('is as long as it was, though the machine’s clock is set meanwhile', async () => {
    startTracing();
    const pool = poolOfThings({ max: 1 });
    observePool(pool, { meterProvider: startMeter().meterProvider, slowAcquireMillis: 10 });
    const first = await pool.acquire();
    const second = pool.acquire();
    await delay(20);
    const { now } = Date;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now.call(Date) + 3_600_000);
    onTestFinished(() => clock.mockRestore());
    await pool.release(first);
    await second;
    const [seconds = 0] = spans.getFinishedSpans()[0]?.duration ?? [Number.NaN];
    expect(seconds).toBe(0);
  });

  test('that can’t be recorded harms nobody', async () => {
    const getTracer = () => {
      throw new Error('no more spans');
    };
    trace.setGlobalTracerProvider({ getTracer });
    const error = vi.fn();
    const ignore = () => {};
    diag.setLogger({ error, warn: ignore, info: ignore, debug: ignore, verbose: ignore });
    onTestFinished(() => diag.disable());
    const pool = poolOfThings();
    observePool(pool, { meterProvider: startMeter().meterProvider, slowAcquireMillis: 0 });
    await pool.use(() => {});
    await vi.waitFor(() => expect(error).toHaveBeenCalledOnce());
  });

  test('without a threshold, nobody follows who waits', () => {
    const pool = poolOfThings();
    observePool(pool, { meterProvider: startMeter().meterProvider });
    expect(pool.listenerCount('wait')).toBe(0);
  });
});
