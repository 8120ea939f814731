/**
 * Connecting with the same options again fails again: a certificate that is not trusted or not the host's, TLS that can't be
 * agreed on, an option that can't be used.
 *
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes, and the codes of Node.js itself
 */
export function isPermanent(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && PERMANENT_CODES.test(code);
}

const PERMANENT_CODES =
  /^(ERR_(TLS|SSL|OSSL|INVALID|SOCKET_BAD|MISSING_ARGS|OUT_OF_RANGE)|CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;
