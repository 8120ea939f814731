import { withoutUrl } from '@lifeguard/tcp/client';
import type { Redis } from 'ioredis';

/** @throws {ConfigError} for a URL that can't be parsed: ioredis's own error shows it, with the password in it */
export function hidingUrl<R>(make: () => R): R {
  try {
    return make();
  } catch (error) {
    throw withoutUrl(error, 'url', 'redis://user:password@host:6379/0');
  }
}

/** ioredis puts the command into the error that it caused, with its arguments: of AUTH and HELLO that is the password. */
export function maskSecrets(error: unknown): void {
  const { command } = Object(error) as { command?: { name?: unknown; args?: unknown } };
  if (command && /^(auth|hello)$/i.test(String(command.name))) command.args = ['***'];
}

/** It is in this method that a refused password becomes everybody's error. */
export function keepSecrets(redis: Redis): void {
  const { recoverFromFatalError } = redis;
  redis.recoverFromFatalError = (...args) => {
    for (const error of args.slice(0, 2)) maskSecrets(error);
    recoverFromFatalError.apply(redis, args);
  };
}
