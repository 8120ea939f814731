import { whyNotConnected } from '@lifeguard/pool/client';
import { LifeguardError } from '@lifeguard/tcp';

/**
 * A command has had no connection for as long as a caller waits (`LIFEGUARD_ACQUIRE_TIMEOUT`), and is not sent any more. `cause` is
 * what has gone wrong last. A client made by `createSentinel` may have sent it before, on a connection that ended.
 */
export class NotConnectedError extends LifeguardError {
  override readonly name = 'NotConnectedError';

  constructor(millis: number, cause?: unknown) {
    super(
      'ERR_REDIS_NOT_CONNECTED',
      `the command has had no connection for ${millis} ms (acquire timeout)${whyNotConnected(cause)}`,
      cause === undefined ? undefined : { cause },
    );
  }
}
