import { describe, expect, test } from 'vitest';
import { ConfigError, type ConfigProblem } from './errors.js';
import { isResolved, resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from './options.js';

const DEFAULTS: TcpOptions = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};

const noEnvironment = { env: {} };

describe('resolveTcpOptions', () => {
  test('gives the defaults', () => {
    expect(resolveTcpOptions(undefined, noEnvironment)).toEqual(DEFAULTS);
  });

  test('reads all five from the environment', () => {
    const env = {
      LIFEGUARD_KEEPALIVE: 'off',
      LIFEGUARD_KEEPALIVE_IDLE: '2s',
      LIFEGUARD_KEEPALIVE_INTERVAL: '3s',
      LIFEGUARD_KEEPALIVE_COUNT: '4',
      LIFEGUARD_USER_TIMEOUT: '4500ms',
    };
    expect(resolveTcpOptions({}, { env })).toEqual({
      keepAlive: false,
      keepAliveIdleMillis: 2000,
      keepAliveIntervalMillis: 3000,
      keepAliveCount: 4,
      userTimeoutMillis: 4500,
    });
  });

  test.each<[keyof TcpOptions, number, number]>([
    ['keepAliveIdleMillis', 1000, 32_767_000],
    ['keepAliveIntervalMillis', 1000, 32_767_000],
    ['keepAliveCount', 1, 127],
    ['userTimeoutMillis', 0, 2 ** 31 - 1],
  ])('%s goes from %d to %d, the range of the kernel', (option, min, max) => {
    expect(resolveTcpOptions({ [option]: min }, noEnvironment)[option]).toBe(min);
    expect(resolveTcpOptions({ [option]: max }, noEnvironment)[option]).toBe(max);
    expect(() => resolveTcpOptions({ [option]: min - 1 }, noEnvironment)).toThrow(ConfigError);
    expect(() => resolveTcpOptions({ [option]: max + 1 }, noEnvironment)).toThrow(ConfigError);
  });

  test('adds problems to a list that it is given', () => {
    const problems: ConfigProblem[] = [];
    resolveTcpOptions({ keepAliveCount: 0 }, { ...noEnvironment, prefix: 'tcp.' }, problems);
    expect(problems.map(({ name }) => name)).toEqual(['tcp.keepAliveCount']);
  });

  test.each([[false], ['off'], [5000], [[]]])('%j is no options', (options) => {
    const resolve = () => resolveTcpOptions(options as object, { ...noEnvironment, prefix: 'tcp.' });
    expect(resolve).toThrow(/tcp=\S+ \(allowed: an object, such as/);
  });

  test('freezes its result, knows it again, and returns it as it is', () => {
    const first = resolveTcpOptions({ userTimeoutMillis: 7000 }, noEnvironment);
    expect(Object.isFrozen(first)).toBe(true);
    expect(isResolved(first)).toBe(true);
    expect(isResolved({ ...first })).toBe(false);
    expect(resolveTcpOptions(first, { env: { LIFEGUARD_USER_TIMEOUT: 'banana' } })).toBe(first);
  });
});

describe('tcpOptionWarnings', () => {
  test('the defaults need no warning', () => {
    expect(tcpOptionWarnings(DEFAULTS)).toEqual([]);
  });

  test('a user timeout of idle + interval x (count - 1) is enough, one millisecond less is not', () => {
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 7000 })).toEqual([]);
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 6999 })).toEqual([
      expect.stringContaining('before 3 keepalive probes are lost: set it (LIFEGUARD_USER_TIMEOUT) to at least 7000'),
    ]);
  });

  test('a user timeout below idle + interval ends the connection on one lost probe', () => {
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 5999 })).toEqual([
      expect.stringContaining('when one keepalive probe is lost'),
    ]);
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 6000 })).toEqual([
      expect.not.stringContaining('one keepalive probe'),
    ]);
  });

  test('without keepalive, or without a user timeout, there is nothing to warn of', () => {
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 1, keepAlive: false })).toEqual([]);
    expect(tcpOptionWarnings({ ...DEFAULTS, userTimeoutMillis: 0 })).toEqual([]);
  });
});
