import { basename } from 'node:path';

/**
 * The command line of this program, as one would type it: of the environment with Lifeguard's own variables, of a path with the
 * name of the file alone. A value that is no duration, number or plain word is left out, for it could name what is nobody else's
 * business.
 *
 * @param args of the program
 */
export function commandLine(args: readonly string[], env: NodeJS.ProcessEnv): string {
  const variables = Object.entries(env)
    .filter(([name, value]) => name.startsWith('LIFEGUARD_') && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) => `${name}=${PLAIN.test(value) ? value : '…'}`);
  return [...variables, 'lifeguard', ...args.map((arg) => quote(withoutFolder(arg)))].join(' ');
}

const PLAIN = /^(\d+(\.\d+)?(ms|s|m|h)?|on|off|true|false|yes|no|unbounded|silent|fatal|error|warn|info|debug|trace)$/i;

function withoutFolder(arg: string): string {
  const [, option = '', value = ''] = /^(--[\w-]+=)?(.*)$/s.exec(arg) ?? [];
  return option + basename(value);
}

function quote(word: string): string {
  return /^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
