const ORIGIN = Date.now();

/**
 * Milliseconds by the machine's clock, counted from the start of the program: for three weeks a number so small that V8 keeps
 * it in its object's own place. One that is elsewhere costs each loan of a large pool another access to slow memory.
 */
export function clockMillis(): number {
  return Date.now() - ORIGIN;
}
