import { whyNotConnected } from '@lifeguard/pool/client';
import { LifeguardError } from '@lifeguard/tcp';

/**
 * A command has had no connection for as long as a caller waits (`LIFEGUARD_ACQUIRE_TIMEOUT`), and is not sent any more.
 * `cause` is what has gone wrong last: a connection that ended, or a connect that failed.
 */
export class NotConnectedError extends LifeguardError {
  override readonly name = 'NotConnectedError';
  /** Whether it was sent before, on a connection that ended without an answer. The server may have carried it out then. */
  readonly sent: boolean;

  /** @param command its name: the arguments may be secret */
  constructor(command: string, waitedMillis: number, sent: boolean, cause?: unknown) {
    const millis = Math.round(waitedMillis);
    const what = sent
      ? `was not answered before its connection ended, and is not sent again; it has waited for ${millis} ms`
      : `could not be sent within ${millis} ms (acquire timeout)`;
    super(
      'ERR_REDIS_NOT_CONNECTED',
      `${command.toUpperCase()} ${what}${whyNotConnected(cause)}`,
      cause === undefined ? undefined : { cause },
    );
    this.sent = sent;
  }
}
