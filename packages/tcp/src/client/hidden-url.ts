import { ConfigError } from '../errors.js';

/**
 * What is told in place of an error that may have to do with a URL. That of `new URL` carries the text that it was given, and so a
 * password: it becomes a `ConfigError` that does not show it.
 *
 * @param name of the option
 * @param example a URL as it should be
 */
export function withoutUrl(error: unknown, name: string, example: string): unknown {
  if (Object(error).code !== 'ERR_INVALID_URL') return error;
  return new ConfigError([{ name, value: '***', allowed: `a URL such as ${example}` }]);
}
