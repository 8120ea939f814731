/** The project's rules, in a few words each. Every one of them is the work of code that a mutation can remove. */
export const RULES = {
  1: 'every socket that a factory opens is hardened before its connection is lent, and so is a reconnect',
  2: 'a connection whose socket failed is never lent again',
  3: 'every wait is bounded',
  4: 'a suspect connection is not lent while another can be had',
  5: 'a failing database is not hammered, and its return is not missed',
  6: 'what ends one connection makes its idle siblings prove themselves',
  7: 'an error nobody listens to never ends the process',
  8: 'nothing healthy is dropped, no waiter is forgotten, no socket leaks',
  9: 'bad configuration is one clear error, before any connection is made',
  10: 'what the platform can’t do is said, never pretended',
} as const;

export type Rule = keyof typeof RULES;
