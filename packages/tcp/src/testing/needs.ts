import { networkInterfaces } from 'node:os';

/** Whether a test can run here. What is skipped is said; where everything must be there (CI=true), it is a failure. */
export function needs(what: string, isThere: boolean): boolean {
  if (isThere) return true;
  if (process.env['CI'] === 'true') throw new Error(`these tests need ${what}`);
  console.warn(`skipped, for want of ${what}`);
  return false;
}

export const needsLinux = () => needs('a Linux kernel', process.platform === 'linux');

export const needsIpv6 = () =>
  needs(
    'an IPv6 loopback address',
    Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1')),
  );

/** Whether a test is for this version of Node.js. What is for others is said, and is no failure anywhere. */
export function forVersion(version: string, isThis: boolean): boolean {
  if (!isThis) console.warn(`skipped, being for ${version}`);
  return isThis;
}
