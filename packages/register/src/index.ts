/**
 * `NODE_OPTIONS="--import @lifeguard/register"` hardens every TCP client socket that a process and its worker threads
 * open. Importing it does that; it exports nothing. Bad configuration ends the process before the program starts.
 */
import { ConfigError } from '@lifeguard/tcp';
import { register } from './register.js';

try {
  register();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`lifeguard: ${error.message}\n`);
  process.exit(1);
}
