import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReportFile } from './report-file.js';
import { RECORDING, REPORT } from './run.fixture.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeguard-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the file of a report', () => {
  it('is refused at once if its name does not say what to make', () => {
    expect(() => new ReportFile(join(folder, 'report.pdf'))).toThrow(/ends in \.html.* or in \.svg/);
  });

  it('is refused at once if it can’t be written, with the reason', () => {
    expect(() => new ReportFile(join(folder, 'nowhere', 'report.html'))).toThrow(/^It can't be written: ENOENT/);
    mkdirSync(join(folder, 'folder.html'));
    expect(() => new ReportFile(join(folder, 'folder.html'))).toThrow(/^It can't be written: EISDIR/);
  });

  it('is not there before it is written, and one that was there stays as it was until then', async () => {
    const fresh = join(folder, 'fresh.html');
    const old = join(folder, 'old.html');
    writeFileSync(old, 'before');
    const file = new ReportFile(old);
    new ReportFile(fresh);
    expect(existsSync(fresh)).toBe(false);
    expect(readFileSync(old, 'utf8')).toBe('before');
    file.record(RECORDING);
    await file.write(REPORT);
    expect(readFileSync(old, 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('is a page or a picture, by its name', async () => {
    const file = new ReportFile(join(folder, 'report.SVG'));
    file.record(RECORDING);
    await file.write(REPORT);
    expect(readFileSync(join(folder, 'report.SVG'), 'utf8')).toMatch(/^<svg /);
  });
});
