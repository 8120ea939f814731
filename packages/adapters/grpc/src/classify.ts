/**
 * Connecting with the same settings again fails again: the certificate isn't trusted, TLS can't be agreed on. The words are
 * those of Node.js and OpenSSL, for grpc-js tells no more.
 */
export function isPermanent(error: unknown): boolean {
  const { details }: { details?: unknown } = Object(error);
  return typeof details === 'string' && PERMANENT_DETAILS.test(details);
}

const PERMANENT_DETAILS =
  /self[- ]signed certificate|unable to (get|verify) |certificate has expired|certificate is not yet valid|altnames|Hostname\/IP does not match|SSL routines|alert (number|unknown ca)/i;
