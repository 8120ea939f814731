import { describe, expect, test } from 'vitest';
import type { TcpOptions } from './options.js';
import { findPlatform, type Platform } from './platform/index.js';
import { decodeValue, encodeOptions, encodeValue } from './socket-options.js';

const WANTED: TcpOptions = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};

function platformNamed(name: NodeJS.Platform): Platform {
  const platform = findPlatform(name);
  if (platform === undefined) throw new Error(`no table for ${name}`);
  return platform;
}

/** option, level, name, value: what setsockopt gets. */
function callsOf(name: NodeJS.Platform, options: TcpOptions) {
  return encodeOptions(platformNamed(name), options).map(({ option, level, name, value }) => [
    option,
    level,
    name,
    ...value,
  ]);
}

describe('the calls for five options', () => {
  test('Linux: seconds for keepalive, milliseconds for the user timeout', () => {
    expect(callsOf('linux', WANTED)).toEqual([
      ['keepAliveIdleMillis', 6, 4, 5],
      ['keepAliveIntervalMillis', 6, 5, 1],
      ['keepAliveCount', 6, 6, 3],
      ['userTimeoutMillis', 6, 18, 10_000],
      ['keepAlive', 1, 9, 1],
    ]);
  });

  test('macOS: seconds everywhere', () => {
    expect(callsOf('darwin', WANTED)).toEqual([
      ['keepAliveIdleMillis', 6, 0x10, 5],
      ['keepAliveIntervalMillis', 6, 0x101, 1],
      ['keepAliveCount', 6, 0x102, 3],
      ['userTimeoutMillis', 6, 0x80, 10],
      ['keepAlive', 0xffff, 8, 1],
    ]);
  });

  test('FreeBSD: seconds everywhere', () => {
    expect(callsOf('freebsd', WANTED)).toEqual([
      ['keepAliveIdleMillis', 6, 256, 5],
      ['keepAliveIntervalMillis', 6, 512, 1],
      ['keepAliveCount', 6, 1024, 3],
      ['userTimeoutMillis', 6, 68, 10],
      ['keepAlive', 0xffff, 8, 1],
    ]);
  });

  test('Windows: seconds everywhere', () => {
    expect(callsOf('win32', WANTED)).toEqual([
      ['keepAliveIdleMillis', 6, 3, 5],
      ['keepAliveIntervalMillis', 6, 17, 1],
      ['keepAliveCount', 6, 16, 3],
      ['userTimeoutMillis', 6, 5, 10],
      ['keepAlive', 0xffff, 8, 1],
    ]);
  });

  test.each(['linux', 'darwin', 'freebsd', 'win32'] as const)('%s: each value is one C int', (name) => {
    for (const { value } of encodeOptions(platformNamed(name), WANTED)) expect(value.byteLength).toBe(4);
  });

  test('a user timeout of 0 is set, except where the kernel has no such value', () => {
    const off = { ...WANTED, userTimeoutMillis: 0 };
    expect(callsOf('linux', off)).toContainEqual(['userTimeoutMillis', 6, 18, 0]);
    expect(callsOf('darwin', off)).toContainEqual(['userTimeoutMillis', 6, 0x80, 0]);
    expect(callsOf('win32', off).map(([option]) => option)).not.toContain('userTimeoutMillis');
  });

  test('keepalive off is a call too', () => {
    expect(callsOf('linux', { ...WANTED, keepAlive: false })).toContainEqual(['keepAlive', 1, 9, 0]);
  });
});

describe('units', () => {
  const { options: linux } = platformNamed('linux');
  const { options: darwin } = platformNamed('darwin');

  test.each([
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [4500, 5],
  ])('%d ms are %d s to a kernel that counts in seconds: rounded up', (millis, seconds) => {
    expect(encodeValue(darwin.userTimeoutMillis, millis)).toBe(seconds);
    expect(encodeValue(linux.keepAliveIdleMillis, millis)).toBe(seconds);
    expect(encodeValue(linux.userTimeoutMillis, millis)).toBe(millis);
  });

  test('what a kernel answers comes back in milliseconds, as a count or as a boolean', () => {
    expect(decodeValue(darwin.userTimeoutMillis, 5)).toBe(5000);
    expect(decodeValue(linux.userTimeoutMillis, 4500)).toBe(4500);
    expect(decodeValue(linux.keepAliveCount, 3)).toBe(3);
    expect(decodeValue(linux.keepAlive, 1)).toBe(true);
    expect(decodeValue(linux.keepAlive, 0)).toBe(false);
  });

  test('BSD kernels answer SO_KEEPALIVE with its bit', () => {
    expect(decodeValue(darwin.keepAlive, 8)).toBe(true);
  });
});

test('only Linux is marked as verified, and nothing is claimed of other systems', () => {
  const verified = (['linux', 'darwin', 'freebsd', 'win32'] as const).filter((name) => platformNamed(name).verified);
  expect(verified).toEqual(['linux']);
  expect(findPlatform('sunos')).toBeUndefined();
});
