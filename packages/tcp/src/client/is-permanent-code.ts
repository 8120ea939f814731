/**
 * Whether a connect that has failed with this code fails again with the same options: a certificate that is not trusted or not the
 * host's, a key that can't be read, TLS that can't be agreed on, an option that can't be used.
 *
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes, and the codes of Node.js itself
 *
 * @param code of an error: what is no text is none
 */
export function isPermanentCode(code: unknown): boolean {
  return typeof code === 'string' && PERMANENT_CODES.test(code);
}

const PERMANENT_CODES =
  /^(ERR_(TLS|SSL|OSSL|INVALID|SOCKET_BAD)_|CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;
