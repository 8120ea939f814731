import { LifeguardError } from '@lifeguard/tcp';

/** A socket is not as a new one would be, and so is closed and not lent again. The pool's `evict` event and its log have this error. */
export class DirtySocketError extends LifeguardError {
  override readonly name = 'DirtySocketError';
  /** What is wrong with it, in words. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super('ERR_NET_DIRTY', `the socket can't be lent again: ${faults.join('; ')}`);
    this.faults = faults;
  }
}
