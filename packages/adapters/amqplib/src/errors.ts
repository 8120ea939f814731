import { LifeguardError } from '@lifeguard/tcp';

/** A channel is not as a new one would be, and so is closed and not lent again. The pool's `evict` event and its log have this error. */
export class DirtyChannelError extends LifeguardError {
  override readonly name = 'DirtyChannelError';
  /** What is wrong with it, in words. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super('ERR_AMQP_DIRTY', `the channel can't be lent again: ${faults.join('; ')}`, options);
    this.faults = faults;
  }
}
