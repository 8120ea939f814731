import { LabUnavailableError } from '@lifeguard/lab';
import { endWithParent } from './child-process.mjs';

/**
 * Makes this process one sitting of `measureInSittings`: writes what was measured to stdout, or why it can't be here, and ends.
 *
 * @param {(...args: any[]) => Promise<import('./sittings.mjs').Sitting>} measure is given what `measureInSittings` was
 */
export async function runSitting(measure) {
  endWithParent();
  const args = process.argv.slice(2).map((arg) => JSON.parse(arg));
  const result = await measure(...args).catch((error) => {
    if (error instanceof LabUnavailableError) return { leftOut: error.message };
    throw error;
  });
  process.stdout.write(JSON.stringify(result), () => process.exit());
}
