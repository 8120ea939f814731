import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { clientSockets } from './client-socket.js';
import { formatSnapshot, type Snapshot } from './screen.js';
import { parseSsLine } from './ss-line.js';

function snapshot(count: number, pools: readonly string[] = []): Snapshot {
  const lines = Array.from({ length: count }, (_, n) =>
    parseSsLine(
      `ESTAB 0 0 10.0.0.1:${40_000 + n} 10.0.0.2:5432 timer:(keepalive,4.500ms,${n === 0 ? 2 : 0}) ino:${n + 1}`,
    ),
  );
  const sockets = clientSockets(lines, {
    inodes: new Set(lines.map(({ inode }) => inode)),
    pools: new Map(pools.map((pool, n) => [String(n + 1), pool])),
  });
  return { pid: 42, name: 'node', at: '2026-01-02T03:04:05.678Z', sockets };
}

describe('a snapshot on a screen', () => {
  it('has a heading, and a line for each connection', () => {
    const lines = formatSnapshot(snapshot(3)).split('\n');
    expect(lines[0]).toBe('node (42): 3 client connections, 1 suspect, 03:04:05 UTC');
    expect(lines[2]).toMatch(/^verdict +peer +state /);
    expect(lines[3]).toMatch(/^suspect +10\.0\.0\.2:5432 +ESTABLISHED .* keepalive in 4\.5 s$/);
    expect(lines).toHaveLength(6);
  });

  it('has a column for the pools if there are any, and no word of them if not', () => {
    const lines = formatSnapshot(snapshot(3, ['orders', 'a name that is longer than a column should be'])).split('\n');
    expect(lines[2]).toMatch(/^verdict +peer +pool +state /);
    expect(lines[3]).toMatch(/^suspect +10\.0\.0\.2:5432 +orders +ESTABLISHED /);
    expect(lines[4]).toMatch(/^alive +10\.0\.0\.2:5432 +a name that is longer t… +ESTABLISHED /);
    expect(lines[5]).toMatch(/^alive +10\.0\.0\.2:5432 +ESTABLISHED /);
    expect(formatSnapshot(snapshot(3))).not.toContain('pool');
  });

  it('has the heading alone without connections', () => {
    expect(formatSnapshot(snapshot(0))).toBe('node (42): 0 client connections, 0 suspect, 03:04:05 UTC');
  });

  it('has as many rows and columns as the terminal, and says what is left out', () => {
    const lines = formatSnapshot(snapshot(50), { colours: true, rows: 12, columns: 60 }).split('\n');
    expect(lines.length).toBeLessThan(12);
    expect(lines.at(-1)).toBe('and 43 more');
    for (const line of lines) expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(60);
  });
});
