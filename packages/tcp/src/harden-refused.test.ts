import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ffi } from './ffi.js';
import { harden } from './harden.js';
import { needsLinux } from './testing/needs.js';
import { connect, startServer } from './testing/servers.js';

const EINVAL = 22;
const EBADF = 9;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
const SOL_TCP = 6;

/** A kernel that remembers what it is told, with the faults that a test gives it. */
const kernel = vi.hoisted(() => ({
  values: new Map<string, number>(),
  onSet: (_level: number, _name: number, value: number): number => value,
  onGet: (_level: number, _name: number): number => 0,
  errno: 0,
}));

vi.mock(import('./ffi.js'), async (original) => ({
  ...(await original()),
  loadFfi: (): Ffi => ({
    calls: {
      setsockopt: (_fd, level, name, value) => {
        const kept = kernel.onSet(level, name, value[0] ?? 0);
        if (kept < 0) return fail(-kept);
        kernel.values.set(`${level}/${name}`, kept);
        return 0;
      },
      getsockopt: (_fd, level, name, value) => {
        const errno = kernel.onGet(level, name);
        if (errno > 0) return fail(errno);
        value[0] = kernel.values.get(`${level}/${name}`) ?? 0;
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

beforeEach(() => {
  kernel.values.clear();
  kernel.onSet = (_level, _name, value) => value;
  kernel.onGet = () => 0;
});

describe.runIf(needsLinux())('what the kernel does not take', () => {
  test('an option that is refused is reported with the name of the error and what is in force instead', async () => {
    kernel.onSet = (level, name, value) => (level === SOL_TCP && name === TCP_USER_TIMEOUT ? -EINVAL : value);
    const hardening = harden(await connect(await startServer()));
    expect(hardening.state).toBe('partial');
    expect(hardening.refused).toEqual([
      {
        option: 'userTimeoutMillis',
        wanted: 10_000,
        got: 0,
        errno: 'EINVAL',
        reason: 'the kernel refused TCP_USER_TIMEOUT',
      },
    ]);
    expect(hardening.effective).toMatchObject({ keepAliveIdleMillis: 5000, userTimeoutMillis: 0 });
  });

  test('an option that the kernel silently changes is a refusal too', async () => {
    kernel.onSet = (level, name, value) => (level === SOL_TCP && name === TCP_KEEPCNT ? 8 : value);
    const hardening = harden(await connect(await startServer()));
    expect(hardening.state).toBe('partial');
    expect(hardening.refused).toEqual([
      {
        option: 'keepAliveCount',
        wanted: 3,
        got: 8,
        errno: undefined,
        reason: 'the kernel kept another TCP_KEEPCNT',
      },
    ]);
  });

  test('an option that can not be read back is not believed', async () => {
    kernel.onGet = (level, name) => (level === SOL_TCP && name === TCP_USER_TIMEOUT ? EINVAL : 0);
    const hardening = harden(await connect(await startServer()));
    expect(hardening.state).toBe('partial');
    expect(hardening.refused).toMatchObject([{ option: 'userTimeoutMillis', got: undefined, errno: 'EINVAL' }]);
    expect(hardening.effective).not.toHaveProperty('userTimeoutMillis');
  });

  test('if nothing can be set nor read, the socket is unsupported', async () => {
    kernel.onSet = () => -EBADF;
    kernel.onGet = () => EBADF;
    const hardening = harden(await connect(await startServer()));
    expect(hardening).toMatchObject({ state: 'unsupported' });
    expect(hardening.effective).toEqual({});
    expect(hardening.refused.map(({ errno }) => errno)).toEqual(Array(5).fill('EBADF'));
  });
});
