import type { Driver } from './drivers/driver.js';

/** Why a driver can't be loaded, and what to do about it, in one line; undefined if it can. */
export function missingPackages({ packages }: Driver, isInstalled = isInstalledHere): string | undefined {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  // Beside lifeguard, for what is installed elsewhere is not found from here.
  return (
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed beside lifeguard: ` +
    `npm install ${['lifeguard', ...packages].join(' ')}`
  );
}

function isInstalledHere(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
