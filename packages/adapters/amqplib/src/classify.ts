import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same settings again fails again: wrong password, a virtual host that there isn't or that is not the
 * user's, a mechanism that the server has not, an address that is none; a certificate that isn't trusted, TLS that can't be agreed on.
 *
 * A virtual host whose limit of connections is reached is taken for one that there isn't: amqplib does not pass on what the server says. Not
 * permanent: a server that shuts down (`CONNECTION_FORCED`).
 */
export function isPermanent(error: unknown): boolean {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  return PERMANENT_MESSAGES.test(String(message)) || isPermanentCode(code) || code === 'ERR_OUT_OF_RANGE';
}

// amqplib gives no codes to errors of the handshake: lib/connection.js.
const PERMANENT_MESSAGES =
  /ACCESS[-_]REFUSED|^Expected ConnectionOpenOk; got <ConnectionClose|^SASL mechanism|^Expected amqp: or amqps:|^maxFrameSize must be/;
