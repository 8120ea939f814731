/**
 * The end of the message to who has waited for a connection in vain: with what connects have been failing, if they have. It is
 * an error's code or its name: its own message may hold a secret, such as a URL with a password in it.
 */
export function whyNotConnected(cause: unknown): string {
  return cause === undefined ? '' : `; connects have been failing: ${codeOrName(cause)}`;
}

function codeOrName(error: unknown): string {
  const { code, name, constructor: type } = Object(error) as { code?: unknown; name?: unknown; constructor?: unknown };
  if (typeof code === 'string') return code;
  // Many a driver's errors have a class of their own, and no name.
  const names = [name, typeof type === 'function' ? type.name : undefined];
  return names.find((each): each is string => isTelling(each)) ?? 'see the cause';
}

function isTelling(name: unknown): boolean {
  return typeof name === 'string' && !['', 'Error', 'Object'].includes(name);
}
