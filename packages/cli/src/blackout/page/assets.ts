import { readFileSync } from 'node:fs';

/** A style sheet of this package. */
export function readAsset(name: string): string {
  return readFileSync(new URL(`../../../assets/${name}`, import.meta.url), 'utf8');
}
