/** What the command `lifeguard` ends with. */
export const OK = 0;
export const FAILED = 1;
export const MISUSED = 2;
export const INTERRUPTED = 130;
