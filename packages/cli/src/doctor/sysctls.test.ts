import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSysctls } from './sysctls.js';

const LINUX = {
  tcp_retries2: 15,
  tcp_rto_max_ms: 90_000,
  tcp_rto_min_us: 100_000,
  tcp_keepalive_time: 7200,
  tcp_keepalive_intvl: 75,
  tcp_keepalive_probes: 9,
  tcp_syn_retries: 6,
  tcp_syn_linear_timeouts: 4,
};

function folderWith(files: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lifeguard-sysctls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), `${value}\n`);
  return folder;
}

describe('the sysctls', () => {
  it('are those of the machine', () => {
    expect(readSysctls(folderWith(LINUX))).toEqual(LINUX);
  });

  it('are completed by what older kernels do that have no setting for it', () => {
    const { tcp_rto_max_ms: _max, tcp_rto_min_us: _min, tcp_syn_linear_timeouts: _linear, ...older } = LINUX;
    expect(readSysctls(folderWith(older))).toEqual({
      ...older,
      tcp_rto_max_ms: 120_000,
      tcp_rto_min_us: 200_000,
      tcp_syn_linear_timeouts: 0,
    });
  });

  it('are unknown where there are none', () => {
    expect(readSysctls(folderWith({}))).toBeUndefined();
  });
});
