/** So many connections for commands that block theirs: with two requests a second that wait for a second, more than are busy. */
const CONNECTIONS = 4;

/** How the clients of Redis are made, for the report. */
export const BLOCKING_TERMS = `Both clients were made with their defaults: one connection, and ${CONNECTIONS} duplicates for BLPOP, which blocks.`;

/** Copies of a client for the commands that block their connection. */
export function duplicatesOf<C>(client: { duplicate(): C }): readonly [C, ...C[]] {
  return [client.duplicate(), ...Array.from({ length: CONNECTIONS - 1 }, () => client.duplicate())];
}
