/** ioredis puts the command into the error that it caused, with its arguments: of AUTH and HELLO that is the password. */
export function maskSecrets(error: unknown): void {
  const { command } = Object(error) as { command?: { name?: unknown; args?: unknown } };
  if (command && /^(auth|hello)$/i.test(String(command.name))) command.args = ['***'];
}
