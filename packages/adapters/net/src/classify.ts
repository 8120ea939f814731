import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same options again fails again: a certificate that is not trusted or not the host's, TLS that can't be
 * agreed on, an option that can't be used.
 */
export function isPermanent(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return isPermanentCode(code) || BAD_OPTIONS.has(code);
}

/** Node.js's words for a port or a host that is none. */
const BAD_OPTIONS: ReadonlySet<unknown> = new Set(['ERR_MISSING_ARGS', 'ERR_OUT_OF_RANGE']);
