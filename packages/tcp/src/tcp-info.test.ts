import { describe, expect, test } from 'vitest';
import { findPlatform, type InfoLayout } from './platform/index.js';
import { decodeTcpInfo } from './tcp-info.js';

function layoutOf(name: NodeJS.Platform): InfoLayout {
  const layout = findPlatform(name)?.info;
  if (layout === undefined) throw new Error(`no TCP_INFO on ${name}`);
  return layout;
}

/** Bytes with single bytes and C `unsigned int`s, in this machine's byte order, at their offsets. */
function bytesWith(size: number, bytes: Record<number, number>, ints: Record<number, number> = {}): Uint8Array {
  const filled = new Uint8Array(size);
  for (const [offset, value] of Object.entries(bytes)) filled[Number(offset)] = value;
  for (const [offset, value] of Object.entries(ints)) new Uint32Array(filled.buffer)[Number(offset) / 4] = value;
  return filled;
}

describe('Linux', () => {
  const bytes = bytesWith(
    256,
    { 0: 8, 2: 3, 3: 2, 4: 5 },
    { 8: 204_000, 24: 7, 32: 1, 44: 11, 52: 12, 56: 13, 68: 150, 72: 75, 100: 9, 144: 4096, 148: 140, 228: 65_536 },
  );

  test('every field is read at its place', () => {
    expect(decodeTcpInfo(layoutOf('linux'), bytes, 256)).toEqual({
      state: 'CLOSE_WAIT',
      retransmits: 3,
      probes: 2,
      backoff: 5,
      rtoMicros: 204_000,
      unacked: 7,
      lost: 1,
      lastDataSentMillis: 11,
      lastDataReceivedMillis: 12,
      lastAckReceivedMillis: 13,
      rttMicros: 150,
      rttVarMicros: 75,
      totalRetransmits: 9,
      notSentBytes: 4096,
      minRttMicros: 140,
      sendWindowBytes: 65_536,
    });
  });

  test('what an older kernel does not return is undefined, not what the buffer held', () => {
    const info = decodeTcpInfo(layoutOf('linux'), bytes, 104);
    expect(info).toMatchObject({ totalRetransmits: 9, state: 'CLOSE_WAIT' });
    expect(info.notSentBytes).toBeUndefined();
    expect(info.minRttMicros).toBeUndefined();
    expect(info.sendWindowBytes).toBeUndefined();
  });

  test('a field that is returned in part is undefined', () => {
    expect(decodeTcpInfo(layoutOf('linux'), bytes, 103).totalRetransmits).toBeUndefined();
  });

  test('no bytes, or a state of a later kernel, are no state', () => {
    expect(decodeTcpInfo(layoutOf('linux'), bytes, 0).state).toBeUndefined();
    expect(decodeTcpInfo(layoutOf('linux'), bytesWith(256, { 0: 200 }), 256).state).toBeUndefined();
  });
});

test('macOS tells milliseconds, which become microseconds, and counts retransmissions in 64 bits', () => {
  const bytes = bytesWith(112, { 0: 4 }, { 12: 230, 28: 131_072, 44: 20, 48: 5 });
  new BigUint64Array(bytes.buffer)[104 / 8] = 6n;
  expect(decodeTcpInfo(layoutOf('darwin'), bytes, 112)).toMatchObject({
    state: 'ESTABLISHED',
    rtoMicros: 230_000,
    rttMicros: 20_000,
    rttVarMicros: 5000,
    totalRetransmits: 6,
    sendWindowBytes: 131_072,
    probes: undefined,
    unacked: undefined,
  });
});

test('FreeBSD tells the time since the last data in microseconds, which become milliseconds', () => {
  const bytes = bytesWith(236, { 0: 5 }, { 8: 230_000, 52: 1_499_600, 68: 20_000, 72: 5000, 100: 65_536, 120: 2 });
  expect(decodeTcpInfo(layoutOf('freebsd'), bytes, 236)).toMatchObject({
    state: 'CLOSE_WAIT',
    rtoMicros: 230_000,
    lastDataReceivedMillis: 1500,
    rttMicros: 20_000,
    rttVarMicros: 5000,
    sendWindowBytes: 65_536,
    totalRetransmits: 2,
  });
});
