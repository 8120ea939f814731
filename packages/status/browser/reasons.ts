type EvictReason = NonNullable<import('../src/report.js').PoolEvent['reason']>;

interface Explanation {
  readonly text: string;
  /** It is part of an ordinary day. */
  readonly routine?: true;
}

/** What each reason means, in a line. */
const REASONS: Readonly<Record<EvictReason, Explanation>> = {
  'timed-out': { text: 'the kernel gave up on the peer' },
  unreachable: { text: 'the network said that there is no way to the peer' },
  reset: { text: 'the peer, or something between, refused to go on' },
  unanswered: { text: 'the peer’s kernel answered no probe' },
  'peer-closed': { text: 'the peer ended the connection' },
  'socket-closed': { text: 'the socket closed, and nothing says why' },
  'fatal-error': { text: 'an error after which the driver can’t use it' },
  'released-with-error': { text: 'its borrower returned it with an error' },
  destroyed: { text: 'its borrower had it closed', routine: true },
  invalid: { text: 'validate said no, failed or took too long' },
  'reset-failed': { text: 'reset failed or took too long' },
  idle: { text: 'it had been idle for long enough', routine: true },
  'max-lifetime': { text: 'it had lived for long enough', routine: true },
  'max-uses': { text: 'it had been lent often enough', routine: true },
  cleared: { text: 'the pool was cleared', routine: true },
  closed: { text: 'the pool was closed', routine: true },
  surplus: { text: 'another connect had been quicker', routine: true },
};
