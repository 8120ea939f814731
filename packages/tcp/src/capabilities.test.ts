import { afterEach, describe, expect, test, vi } from 'vitest';
import { capabilities, userTimeoutCapability } from './capabilities.js';
import { needsLinux } from './testing/needs.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** As if this process ran on another system. */
function onPlatform(platform: NodeJS.Platform) {
  vi.stubGlobal('process', Object.create(process, { platform: { value: platform } }));
  return capabilities();
}

describe('what can be done', () => {
  test.runIf(needsLinux())('on Linux: everything, and it is verified', () => {
    expect(capabilities()).toEqual({
      platform: 'linux',
      node: process.versions.node,
      verified: true,
      supported: {
        keepAlive: { ok: true },
        keepAliveIdle: { ok: true },
        keepAliveInterval: { ok: true },
        keepAliveCount: { ok: true },
        userTimeout: { ok: true },
        tcpInfo: { ok: true },
        probe: { ok: true },
      },
    });
  });

  test.each(['darwin', 'freebsd'] as const)('on %s: everything but probes, unverified', (platform) => {
    const reason = `the TCP_INFO of ${platform} does not tell when the peer has answered`;
    expect(onPlatform(platform)).toMatchObject({
      verified: false,
      supported: { keepAliveCount: { ok: true }, tcpInfo: { ok: true }, probe: { ok: false, reason } },
    });
  });

  test('on Windows: keepalive, and no more without a file descriptor', () => {
    const reason = 'Node.js gives no file descriptor on Windows';
    expect(onPlatform('win32')).toMatchObject({
      verified: false,
      supported: {
        keepAlive: { ok: true },
        keepAliveIdle: { ok: true },
        userTimeout: { ok: false, reason },
        tcpInfo: { ok: false, reason },
        probe: { ok: false, reason },
      },
    });
  });

  test('on a system without a table: what Node.js does', () => {
    expect(onPlatform('sunos').supported).toMatchObject({
      keepAlive: { ok: true },
      tcpInfo: { ok: false, reason: 'nothing is known of sunos' },
    });
  });

  test('the user timeout needs FreeBSD 14', () => {
    expect(userTimeoutCapability('freebsd', '14.1-RELEASE')).toEqual({ ok: true });
    expect(userTimeoutCapability('freebsd', '13.4-RELEASE-p2')).toEqual({
      ok: false,
      reason: 'TCP_MAXUNACKTIME came with FreeBSD 14, this is 13.4-RELEASE-p2',
    });
    expect(userTimeoutCapability('linux', '6.1.0')).toEqual({ ok: true });
  });
});
