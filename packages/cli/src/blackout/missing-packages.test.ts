import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Driver } from './drivers/driver.js';
import { DRIVER_NAMES, DRIVERS } from './drivers/drivers.js';
import { missingPackages } from './missing-packages.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;

describe('what a driver needs beside this command', () => {
  it('is named, with what to install', () => {
    expect(missingPackages(DRIVERS.mysql2, (name) => name === 'mysql2')).toBe(
      '@lifeguard/mysql2 is not installed beside lifeguard: npm install lifeguard mysql2 @lifeguard/mysql2',
    );
    expect(missingPackages(DRIVERS.mysql2, () => false)).toMatch(/^mysql2 and @lifeguard\/mysql2 are not installed/);
  });

  it('is nothing when all is there', () => {
    expect(missingPackages(DRIVERS.mysql2, () => true)).toBeUndefined();
  });

  it('is looked for where it would be loaded from', () => {
    const driver: Driver = { ...DRIVERS.pg, packages: ['pg', 'no-such-package'] };
    expect(missingPackages(driver)).toMatch(/^no-such-package is not installed/);
  });

  it.each(DRIVER_NAMES)('of %s is an optional peer of this package', (name) => {
    for (const each of DRIVERS[name].packages) {
      expect(manifest.peerDependencies).toHaveProperty([each]);
      expect(manifest.peerDependenciesMeta[each]).toEqual({ optional: true });
    }
  });
});
