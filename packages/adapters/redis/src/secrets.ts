import { withoutUrl } from '@lifeguard/tcp/client';

/** @throws {ConfigError} for a URL that can't be parsed: node-redis's own error shows it, with the password in it */
export function checkUrl(url: string | undefined): void {
  if (url === undefined) return;
  try {
    new URL(url);
  } catch (error) {
    throw withoutUrl(error, 'url', 'redis://user:password@host:6379/0');
  }
}
