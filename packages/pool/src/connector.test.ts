import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backoff } from './backoff.js';
import { type Attempt, Connector, type Consequence } from './connector.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Connect {
  readonly startedAt: number;
  progress: Attempt<string>['progress'];
  succeed(): void;
  fail(code?: string): void;
}

/** A connector whose connects do what the test says, on a clock that the test moves. */
function setUp({ maxConnecting = 2, consequence = 'back-off' as Consequence } = {}) {
  const start = performance.now();
  const connects: Connect[] = [];
  const surplus: string[] = [];
  const demand = { waiting: 0, missing: 0, lent: 0 };
  const connector = new Connector<string>(
    {
      maxConnecting,
      demand: () => demand,
      failed: () => consequence,
      surplus: (connection) => surplus.push(connection),
      start: () => {
        let settle: { resolve: (value: string) => void; reject: (error: Error) => void } | undefined;
        const result = new Promise<string>((resolve, reject) => {
          settle = { resolve, reject };
        });
        const name = `connection ${connects.length}`;
        const fail = (code = 'ECONNREFUSED') => settle?.reject(Object.assign(new Error(code), { code }));
        const connect: Connect = {
          startedAt: performance.now() - start,
          progress: 'unanswered',
          succeed: () => settle?.resolve(name),
          fail,
        };
        connects.push(connect);
        return {
          result,
          abort: () => fail('ABORTED'),
          get progress() {
            return connect.progress;
          },
        };
      },
    },
    new Backoff(() => 0),
  );
  /** One more caller waits for one more slot, and has it no more once filled. */
  const want = async () => {
    demand.waiting += 1;
    const connection = await connector.fill();
    demand.waiting -= 1;
    return connection;
  };
  return { connector, connects, surplus, demand, want };
}

const tick = (millis = 0) => vi.advanceTimersByTimeAsync(millis);

test('at most maxConnecting connects are under way, the next starting as one ends', async () => {
  const { connects, want } = setUp({ maxConnecting: 2 });
  const filled = [want(), want(), want()];
  expect(connects).toHaveLength(2);
  connects[0]?.succeed();
  await tick();
  expect(connects).toHaveLength(3);
  connects[1]?.succeed();
  connects[2]?.succeed();
  await expect(Promise.all(filled)).resolves.toEqual(['connection 0', 'connection 1', 'connection 2']);
});

test('demand is looked at again before each connect: a slot nobody wants any more is given back empty', async () => {
  const { connects, demand, connector, want } = setUp({ maxConnecting: 1 });
  const first = want();
  const second = connector.fill();
  expect(connects).toHaveLength(1);
  connects[0]?.succeed();
  await expect(first).resolves.toBe('connection 0');
  await expect(second).resolves.toBeUndefined();
  expect(demand.waiting).toBe(0);
  expect(connects).toHaveLength(1);
});

test('a refusing peer is tried after pauses of 100, 200, 400 and 500 ms, one connect at a time', async () => {
  const { connects, want } = setUp();
  void want();
  void want();
  for (let round = 0; round < 40; round += 1) {
    for (const connect of connects) connect.fail();
    await tick(50);
  }
  const starts = connects.map(({ startedAt }) => startedAt);
  // Two at once at first; their failures count as two.
  expect(starts).toEqual([0, 0, 200, 600, 1100, 1600]);
});

test('the first success after failures lets everyone in at once', async () => {
  const { connects, want } = setUp({ maxConnecting: 5 });
  const filled = [want(), want(), want()];
  for (const connect of connects) connect.fail();
  await tick(500);
  expect(connects).toHaveLength(4);
  connects[3]?.succeed();
  await tick();
  expect(connects).toHaveLength(6);
  connects[4]?.succeed();
  connects[5]?.succeed();
  await expect(Promise.all(filled)).resolves.toHaveLength(3);
});

test('beside a silent connect another is started, so that a SYN goes out every half second', async () => {
  const { connects, want } = setUp();
  void want();
  await tick(4000);
  const starts = connects.map(({ startedAt }) => startedAt);
  expect(starts.length).toBeGreaterThanOrEqual(8);
  for (const [index, start] of starts.entries()) {
    expect(start - (starts[index - 1] ?? start)).toBeLessThanOrEqual(510);
  }
});

test('with one connect allowed at a time, a silent one stops counting after a second', async () => {
  const { connects, want } = setUp({ maxConnecting: 1 });
  void want();
  await tick(999);
  expect(connects).toHaveLength(1);
  await tick(2);
  expect(connects).toHaveLength(2);
});

test('old silent connects that fail at last do not slow the new ones down', async () => {
  const { connects, want } = setUp();
  void want();
  await tick(3000);
  const before = connects.length;
  for (const connect of connects.slice(0, -1)) connect.fail('ETIMEDOUT');
  await tick(510);
  expect(connects.length).toBeGreaterThan(before);
});

test('a connect that opens no TCP socket may take its time: none is started beside it', async () => {
  const { connects, want } = setUp();
  void want();
  for (const connect of connects) connect.progress = 'no-socket';
  await tick(9000);
  expect(connects).toHaveLength(1);
});

test('a slow server that has answered has a second before another connect is started', async () => {
  const { connects, want } = setUp();
  void want();
  for (const connect of connects) connect.progress = 'answered';
  await tick(990);
  expect(connects).toHaveLength(1);
  await tick(20);
  expect(connects).toHaveLength(2);
});

test('a connection that comes too late for any slot is handed to surplus', async () => {
  const { connects, surplus, want } = setUp();
  const filled = want();
  await tick(600);
  expect(connects).toHaveLength(2);
  connects[1]?.succeed();
  await expect(filled).resolves.toBe('connection 1');
  connects[0]?.succeed();
  await tick();
  expect(surplus).toEqual(['connection 0']);
});

test('an error that says nothing of the server causes no pause', async () => {
  const { connects, want } = setUp({ maxConnecting: 1, consequence: 'go-on' });
  void want();
  connects[0]?.fail('HOOK');
  await tick();
  expect(connects).toHaveLength(2);
});

test('the last error is known until a connect succeeds, silence included', async () => {
  const { connector, connects, want } = setUp();
  void want();
  await tick(600);
  expect(connector.lastError).toMatchObject({ code: 'ERR_POOL_CONNECT' });
  connects[0]?.fail();
  await tick();
  expect(connector.lastError).toMatchObject({ code: 'ECONNREFUSED' });
  connects[1]?.succeed();
  await tick();
  expect(connector.lastError).toBeUndefined();
});

test('after the last connect no timer is left to keep the process alive', async () => {
  const { connects, want } = setUp();
  const filled = want();
  connects[0]?.succeed();
  await filled;
  await tick();
  expect(vi.getTimerCount()).toBe(0);
});

test('closing ends every connect, gives every slot back and leaves no timer', async () => {
  const { connector, demand } = setUp();
  demand.waiting = 3;
  const slots = [connector.fill(), connector.fill(), connector.fill()];
  await tick(10);
  connector.close();
  await expect(Promise.all(slots)).resolves.toEqual([undefined, undefined, undefined]);
  await tick();
  expect(vi.getTimerCount()).toBe(0);
  await expect(connector.fill()).resolves.toBeUndefined();
});

test('while connections are lent, and may come back, a second connect waits a little, and starts only if still wanted', async () => {
  const { connector, connects, demand, want } = setUp({ maxConnecting: 2 });
  demand.lent = 5;
  void want();
  void want();
  expect(connects).toHaveLength(1);
  await tick(99);
  expect(connects).toHaveLength(1);
  await tick(1);
  expect(connects).toHaveLength(2);

  const other = setUp({ maxConnecting: 2 });
  other.demand.lent = 5;
  void other.want();
  void other.want();
  other.demand.waiting = 1;
  await tick(200);
  expect(other.connects).toHaveLength(1);
  connector.close();
  other.connector.close();
});

test('who waits beside connects under way sets no new timer', async () => {
  const { connector, connects, want } = setUp({ maxConnecting: 1 });
  void want();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  for (let waiter = 0; waiter < 100; waiter += 1) {
    void want();
    connector.pump();
  }
  expect(connects).toHaveLength(1);
  expect(timers).not.toHaveBeenCalled();
  timers.mockRestore();
  connector.close();
});

test('many connections that are lost before they could be used count as one failed connect', async () => {
  const { connector } = setUp();
  for (let lost = 0; lost < 10; lost += 1) connector.blame(new Error('reset'));
  expect(connector.failures).toBe(1);
  await tick(100);
  connector.blame(new Error('reset'));
  expect(connector.failures).toBe(2);
});

test('an event loop that was held up is not taken for a peer that is silent', async () => {
  vi.useRealTimers();
  const { connector, connects, want } = setUp();
  const filled = want();
  // The answer is there before the connect has been silent for long, and is read only after the timers.
  setImmediate(() => connects[0]?.succeed());
  const until = performance.now() + 700;
  while (performance.now() < until);
  await expect(filled).resolves.toBe('connection 0');
  expect([connects.length, connector.failures]).toEqual([1, 0]);
  connector.close();
});
