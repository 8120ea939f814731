import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ffi } from './ffi.js';
import { probe } from './probe.js';
import { needsLinux } from './testing/needs.js';
import { connect, startServer } from './testing/servers.js';

const EPERM = 1;
const EBADF = 9;

/** The options by level and name, as Linux numbers them. */
const SO_KEEPALIVE = '1/9';
const TCP_KEEPIDLE = '6/4';
const TCP_KEEPCNT = '6/6';
const TCP_USER_TIMEOUT = '6/18';

/** What a socket that nobody has touched has. */
const UNTOUCHED = { [SO_KEEPALIVE]: 0, [TCP_KEEPIDLE]: 7200, '6/5': 75, [TCP_KEEPCNT]: 9, [TCP_USER_TIMEOUT]: 0 };

/** A kernel whose peer says what a test wants, and that remembers what it was told and when. */
const kernel = vi.hoisted(() => ({
  options: {} as Record<string, number>,
  info: { state: 1, retransmits: 0, probes: 0, unacked: 0, silentMillis: 3000, notSent: 0 },
  refused: undefined as string | undefined,
  sets: [] as { option: string; value: number; options: Record<string, number> }[],
  onProbe: () => {},
  looks: 0,
  errno: 0,
}));

vi.mock(import('./ffi.js'), async (original) => ({
  ...(await original()),
  loadFfi: (): Ffi => ({
    calls: {
      setsockopt: (_fd, level, name, value) => {
        const option = `${level}/${name}`;
        if (option === kernel.refused) return fail(EPERM);
        kernel.options[option] = value[0] ?? 0;
        kernel.sets.push({ option, value: value[0] ?? 0, options: { ...kernel.options } });
        if (option === TCP_KEEPIDLE && value[0] === 1) kernel.onProbe();
        return 0;
      },
      getsockopt: (fd, level, name, value, length) => {
        if (fd < 0) return fail(EBADF);
        kernel.looks += 1;
        if (name === 11) length[0] = fillInfo(value);
        else value[0] = kernel.options[`${level}/${name}`] ?? 0;
        return 0;
      },
      errno: () => kernel.errno,
    },
  }),
}));

function fail(errno: number): number {
  kernel.errno = errno;
  return -1;
}

function fillInfo(bytes: Uint8Array | Int32Array): number {
  const { state, retransmits, probes, unacked, silentMillis, notSent } = kernel.info;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  for (const [offset, value] of Object.entries({ 0: state, 2: retransmits, 3: probes }))
    view.setUint8(Number(offset), value);
  for (const [offset, value] of Object.entries({ 24: unacked, 52: silentMillis, 56: silentMillis, 144: notSent }))
    view.setUint32(Number(offset), value, littleEndian);
  return 232;
}

beforeEach(() => {
  kernel.options = { ...UNTOUCHED };
  kernel.info = { state: 1, retransmits: 0, probes: 0, unacked: 0, silentMillis: 3000, notSent: 0 };
  kernel.refused = undefined;
  kernel.sets = [];
  kernel.looks = 0;
  kernel.onProbe = () => {
    kernel.info.probes += 1;
  };
});

function probesSent(): number {
  return kernel.sets.filter(({ option, value }) => option === TCP_KEEPIDLE && value === 1).length;
}

async function socketOf(options: Record<string, number> = {}, info: Partial<typeof kernel.info> = {}): Promise<Socket> {
  const socket = await connect(await startServer());
  Object.assign(kernel.options, options);
  Object.assign(kernel.info, info);
  return socket;
}

const HARDENED = { [SO_KEEPALIVE]: 1, [TCP_KEEPIDLE]: 5, '6/5': 1, [TCP_KEEPCNT]: 3, [TCP_USER_TIMEOUT]: 10_000 };

describe.runIf(needsLinux())('a peer that does not answer', () => {
  test('is suspect when the time is up, after four probes, and the options are what they were', async () => {
    const socket = await socketOf(HARDENED);
    const start = performance.now();
    expect(await probe(socket, { timeoutMillis: 2200 })).toBe('suspect');
    expect(performance.now() - start).toBeGreaterThanOrEqual(2199);
    expect(performance.now() - start).toBeLessThan(2500);
    expect(probesSent()).toBe(4);
    expect(kernel.options).toEqual(HARDENED);
    expect(socket.listenerCount('close')).toBe(0);
  });

  test('is asked, when asked anew, though the kernel’s clock stood still for a while: its silence did not get shorter', async () => {
    const silences = [20, 20, 20, 20, 20, 20, 960];
    const socket = await socketOf(HARDENED);
    Object.defineProperty(kernel.info, 'silentMillis', { get: () => silences[kernel.looks - 1] ?? 3000 });
    expect(await probe(socket, { timeoutMillis: 600, anew: true })).toBe('suspect');
    expect(probesSent()).toBe(2);
  });

  test('has a second chance: one packet lost by chance is nothing', async () => {
    kernel.onProbe = () => {
      kernel.info.silentMillis = probesSent() === 2 ? 0 : kernel.info.silentMillis;
    };
    expect(await probe(await socketOf(HARDENED), { timeoutMillis: 1000 })).toBe('alive');
    expect(probesSent()).toBe(2);
  });

  test('can not be ended by the probes: each is sent without a user timeout', async () => {
    await probe(await socketOf(HARDENED), { timeoutMillis: 600 });
    const atProbe = kernel.sets.filter(({ option, value }) => option === TCP_KEEPIDLE && value === 1);
    expect(atProbe.map(({ options }) => options[TCP_USER_TIMEOUT])).toEqual(Array(2).fill(2 ** 31 - 1));
    const whole = kernel.sets.map(({ option, value }) => `${option}=${value}`);
    expect(whole.indexOf(`${TCP_KEEPIDLE}=5`)).toBeLessThan(whole.indexOf(`${TCP_USER_TIMEOUT}=10000`));
  });

  test('where keepalive was off it is on for the probes only, and off before the user timeout counts', async () => {
    const options = { ...UNTOUCHED, [TCP_USER_TIMEOUT]: 5000 };
    await probe(await socketOf(options), { timeoutMillis: 600 });
    expect(kernel.options).toEqual(options);
    const whole = kernel.sets.map(({ option, value }) => `${option}=${value}`);
    expect(whole.indexOf(`${SO_KEEPALIVE}=1`)).toBeLessThan(whole.indexOf(`${TCP_KEEPIDLE}=1`));
    expect(whole.indexOf(`${SO_KEEPALIVE}=0`)).toBeLessThan(whole.indexOf(`${TCP_USER_TIMEOUT}=5000`));
  });

  test.each([
    { count: 9, probes: 0, sent: 3 },
    { count: 3, probes: 0, sent: 2 },
    { count: 3, probes: 1, sent: 1 },
    { count: 1, probes: 0, sent: 1 },
  ])(
    'without a user timeout, of $count probes and $probes unanswered, the last is left to the kernel',
    async (given) => {
      const { count, probes, sent } = given;
      const options = { ...HARDENED, [TCP_USER_TIMEOUT]: 0, [TCP_KEEPCNT]: count };
      expect(await probe(await socketOf(options, { probes }), { timeoutMillis: 1500 })).toBe('suspect');
      expect(probesSent()).toBe(sent);
    },
  );

  test.each([
    ['its user timeout is over', HARDENED, { silentMillis: 10_100, probes: 5 }],
    ['one probe is left', { ...HARDENED, [TCP_USER_TIMEOUT]: 0 }, { silentMillis: 7000, probes: 2 }],
  ])(
    'is left to the kernel that is giving it up, so that asking does not put that off for ever: %s',
    async (_, options, info) => {
      expect(await probe(await socketOf(options, info), { timeoutMillis: 50 })).toBe('suspect');
      expect(kernel.sets).toEqual([]);
    },
  );

  test('is left to the kernel as soon as that gives it up, so that its end is not put off', async () => {
    const socket = await socketOf(HARDENED, { silentMillis: 9000 });
    kernel.onProbe = () => Object.assign(kernel.info, { probes: 1, silentMillis: 10_001 });
    const answer = probe(socket, { timeoutMillis: 1000 });
    await vi.waitFor(() => expect(kernel.options).toEqual(HARDENED), { timeout: 300, interval: 5 });
    expect(await answer).toBe('suspect');
    expect(probesSent()).toBe(1);
  });

  test('is dead as soon as the kernel has given up', async () => {
    kernel.onProbe = () => {
      kernel.info.state = 7;
    };
    expect(await probe(await socketOf(HARDENED), { timeoutMillis: 20_000 })).toBe('dead');
    expect(kernel.options).toEqual(HARDENED);
  });

  test('is dead at once when its socket is destroyed, not with the next look', async () => {
    const socket = await socketOf(HARDENED, { unacked: 1 });
    const settled = vi.fn();
    probe(socket, { timeoutMillis: 20_000 }).then(settled);
    // So many looks that they are far apart by now; five were at the options.
    await vi.waitFor(() => expect(kernel.looks).toBeGreaterThan(5 + 8), { interval: 5 });
    socket.destroy();
    await once(socket, 'close');
    await setImmediate();
    expect(settled).toHaveBeenCalledWith('dead');
  });

  test('is asked once by all who ask at once', async () => {
    const socket = await socketOf(HARDENED);
    const answers = await Promise.all([1, 2, 3].map(() => probe(socket, { timeoutMillis: 600 })));
    expect(answers).toEqual(['suspect', 'suspect', 'suspect']);
    expect(probesSent()).toBe(2);
    expect(await probe(socket, { timeoutMillis: 600 })).toBe('suspect');
    expect(probesSent()).toBe(4);
  });

  test('has what another sets between two probes, in the end', async () => {
    kernel.onProbe = () => {
      if (probesSent() === 1) Object.assign(kernel.options, { [TCP_KEEPIDLE]: 30, [TCP_USER_TIMEOUT]: 5000 });
    };
    await probe(await socketOf(HARDENED), { timeoutMillis: 600 });
    expect(probesSent()).toBe(2);
    expect(kernel.options).toEqual({ ...HARDENED, [TCP_KEEPIDLE]: 30, [TCP_USER_TIMEOUT]: 5000 });
  });
});

describe.runIf(needsLinux())('nothing is sent', () => {
  test('to a peer of which there was a sign within the last second', async () => {
    expect(await probe(await socketOf(HARDENED, { silentMillis: 999 }))).toBe('alive');
    expect(kernel.sets).toEqual([]);
  });

  test('while data are unacknowledged: they are the question', async () => {
    const socket = await socketOf(HARDENED, { unacked: 2 });
    expect(await probe(socket, { timeoutMillis: 50 })).toBe('suspect');
    const answer = probe(socket, { timeoutMillis: 20_000 });
    Object.assign(kernel.info, { unacked: 0, silentMillis: 0 });
    expect(await answer).toBe('alive');
    expect(kernel.sets).toEqual([]);
  });

  test('while data are retransmitted, however short the silence', async () => {
    const info = { unacked: 2, retransmits: 2, silentMillis: 900 };
    expect(await probe(await socketOf(HARDENED, info), { timeoutMillis: 50 })).toBe('suspect');
    expect(kernel.sets).toEqual([]);
  });

  test.each([
    [1, 'alive'],
    [2, 'suspect'],
  ] as const)('to a closed window, %d of whose window probes are unanswered: that is %s', async (probes, expected) => {
    const socket = await socketOf(HARDENED, { notSent: 5000, probes });
    expect(await probe(socket, { timeoutMillis: 50 })).toBe(expected);
    expect(kernel.sets).toEqual([]);
  });
});

describe.runIf(needsLinux())('a kernel that does not take the options', () => {
  test.each([TCP_USER_TIMEOUT, SO_KEEPALIVE, TCP_KEEPIDLE])('%s: unknown, and nothing is changed', async (option) => {
    kernel.refused = option;
    expect(await probe(await socketOf(), { timeoutMillis: 20_000 })).toBe('unknown');
    expect(kernel.options).toEqual(UNTOUCHED);
  });
});
