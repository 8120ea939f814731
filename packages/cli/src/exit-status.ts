/** What the command `lifeguard` ends with. */
export const OK = 0;
export const FAILED = 1;
export const MISUSED = 2;
export const INTERRUPTED = 130;
/** As a shell reports who has written to a pipe that nobody reads: 128 and the number of SIGPIPE. */
export const UNREAD = 141;
