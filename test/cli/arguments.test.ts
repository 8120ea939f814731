import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from './command.js';

const { version } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8')) as { version: string };

describe.concurrent('the command lifeguard', () => {
  it.each([[[]], [['--help']], [['help']]])(
    'shows its commands when called as lifeguard %j',
    async (args: string[]) => {
      const { status, stdout } = await run(args);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^Usage: lifeguard /);
      for (const command of ['doctor', 'watch', 'blackout']) expect(stdout).toContain(command);
    },
  );

  it('explains every option and every field of the JSON of blackout', async () => {
    const { status, stdout } = await run(['blackout', '--help']);
    expect(status).toBe(0);
    for (const word of [
      '--cut <seconds>',
      '1 to 3600',
      'default: 20',
      '--json',
      'stuckAtHeal',
      'computed',
      'no-fault',
      '--driver <name>',
      ...['pg', 'mysql2', 'mariadb', 'ioredis', 'redis', 'amqplib', 'nats', 'grpc', 'http', 'fetch', 'net'].map(
        (driver) => `"${driver}"`,
      ),
      '--scenario <name>',
      'default: "silent-cut"',
      'server-frozen',
      '--compare',
      "'missing'",
      '--report <file>',
      'FILE.svg',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it.each([
    ['doctor', ['[url...]', '--json', 'postgres://', 'noticedAfter', 'rttMicros', 'Exit status']],
    ['watch', ['<pid>', '--interval <duration>', 'default: 1s', '--once', '--json', 'silentMillis', 'Exit status']],
  ])('explains every argument, option and exit status of %s', async (command, words) => {
    const { status, stdout } = await run([command, '--help']);
    expect(status).toBe(0);
    for (const word of words) expect(stdout).toContain(word);
  });

  it('tells its version', async () => {
    expect(await run(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it.each(['banana', '0', '-5', '3601', '1e3', '', 'Infinity'])(
    'refuses --cut %j in one line that names option, value and what is allowed, before anything starts',
    async (value) => {
      expect(await run(['blackout', '--cut', value])).toEqual({
        status: 2,
        stdout: '',
        stderr: `error: option '--cut <seconds>' argument '${value}' is invalid. Allowed: a number of seconds from 1 to 3600.\n`,
      });
    },
  );

  it.each([
    ['/nowhere/report.html', "It can't be written: ENOENT: no such file or directory, open '/nowhere/report.html'."],
    ['report.pdf', 'Allowed: a file whose name ends in .html, for a page, or in .svg, for a picture.'],
  ])('refuses --report %s in one line that says why, before anything starts', async (file, why) => {
    expect(await run(['blackout', '--report', file])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: option '--report <file>' argument '${file}' is invalid. ${why}\n`,
    });
  });

  it.each([
    ['--driver', 'oracle', 'mysql2, mariadb'],
    ['--scenario', 'earthquake', 'silent-cut, cut-to-server'],
  ])('refuses %s %s in one line that says what is allowed', async (option, value, allowed) => {
    const { status, stdout, stderr } = await run(['blackout', option, value]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^error: option '${option} <name>' argument '${value}' is invalid\\. Allowed choices are .*${allowed}.*\\n$`,
      ),
    );
  });

  it.each([
    [['nonsense'], 'nonsense'],
    [['blackout', '--compare', '--driver', 'pg'], "'--driver <name>'"],
    [['blackout', '--colour'], '--colour'],
    [['blackout', '--cut'], '--cut <seconds>'],
    [['blackout', 'now'], 'too many arguments'],
  ])('refuses %j in one line', async (args, word) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(word)]);
  });

  it('refuses bad variables in one line that names them all, before anything starts', async () => {
    const env = { LIFEGUARD_USER_TIMEOUT: 'banana', LIFEGUARD_POOL_MAX: '-1' };
    const { status, stdout, stderr } = await run(['blackout'], { env });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^lifeguard: invalid configuration: [^\n]+\n$/);
    expect(stderr).toMatch(/LIFEGUARD_USER_TIMEOUT=banana \(allowed: a duration/);
    expect(stderr).toMatch(/LIFEGUARD_POOL_MAX=-1 \(allowed: a whole number/);
  });
});
