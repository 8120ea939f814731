import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readStockWaits, retransmissionMillis } from './stock-waits.js';

const LINUX = {
  tcp_retries2: '15\n',
  tcp_rto_max_ms: '120000\n',
  tcp_keepalive_time: '7200\n',
  tcp_keepalive_intvl: '75\n',
  tcp_keepalive_probes: '9\n',
};

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lifeguard-sysctls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('the time that Linux retransmits', () => {
  it('is 924.6 s by its defaults, as its documentation of tcp_retries2 says', () => {
    expect(retransmissionMillis(15, 120_000)).toBe(924_600);
  });

  it('is the sum of pauses that double from 200 ms up to the longest', () => {
    for (const longest of [1_000, 10_000, 120_000]) {
      for (let retries = 0; retries <= 20; retries++) {
        expect(retransmissionMillis(retries, longest), `${retries} retries, ${longest} ms`).toBe(sum(retries, longest));
      }
    }
  });

  it('is that of the first pause where nothing is sent again', () => {
    expect(retransmissionMillis(0, 120_000)).toBe(200);
  });
});

/** Pause by pause. One more than there are retries: the last one, too, is waited for in vain. */
function sum(retries: number, longest: number): number {
  let total = 0;
  for (let pause = 200, n = 0; n <= retries; n++, pause *= 2) total += Math.min(pause, longest);
  return total;
}

describe('what pg.Pool would wait', () => {
  it('is computed from the sysctls of the machine', () => {
    expect(readStockWaits(folderWith(LINUX))).toEqual({
      sysctls: {
        tcp_retries2: 15,
        tcp_rto_max_ms: 120_000,
        tcp_keepalive_time: 7200,
        tcp_keepalive_intvl: 75,
        tcp_keepalive_probes: 9,
      },
      sendingMillis: 924_600,
      waitingWithKeepAliveMillis: 7_875_000,
    });
  });

  it('is less where the machine gives up sooner', () => {
    const waits = readStockWaits(folderWith({ ...LINUX, tcp_retries2: '8\n', tcp_keepalive_time: '60\n' }));
    expect(waits).toMatchObject({ sendingMillis: 102_200, waitingWithKeepAliveMillis: 735_000 });
  });

  it('takes 120 s for the longest pause where the kernel has no setting for it', () => {
    const { tcp_rto_max_ms: _, ...older } = LINUX;
    expect(readStockWaits(folderWith(older))).toMatchObject({ sendingMillis: 924_600 });
  });

  it('is not known where there are no sysctls', () => {
    expect(readStockWaits(folderWith({}))).toBeUndefined();
  });
});
