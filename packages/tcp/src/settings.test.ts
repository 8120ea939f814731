import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, type ConfigProblem, LifeguardError } from './errors.js';
import {
  choice,
  duration,
  formatDuration,
  integer,
  resolveSettings,
  type Settings,
  throwProblems,
  toggle,
  variableNames,
} from './settings.js';

const table = {
  waitMillis: duration({ variable: 'WAIT', default: 10_000, min: 1, max: 60_000, summary: 'how long' }),
  graceMillis: duration({
    variable: 'GRACE',
    default: 0,
    min: 1,
    max: 60_000,
    or: { value: 0, text: 'off' },
    summary: 'how much longer',
  }),
  count: integer({ variable: 'COUNT', default: 3, min: 1, max: 127, summary: 'how many' }),
  active: toggle({ variable: 'ACTIVE', default: true, summary: 'whether' }),
  level: choice({ variable: 'LEVEL', default: 'warn', words: ['debug', 'warn'], summary: 'how loud' }),
  internal: integer({ default: 7, min: 0, max: Number.MAX_SAFE_INTEGER, summary: 'an option only' }),
} satisfies Settings;

const defaults = { waitMillis: 10_000, graceMillis: 0, count: 3, active: true, level: 'warn', internal: 7 };

function resolve(env: NodeJS.ProcessEnv, options?: Record<string, unknown>, name?: string) {
  return resolveSettings(table, { env, options, name });
}

function problemsOf(env: NodeJS.ProcessEnv, options?: Record<string, unknown>): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  resolveSettings(table, { env, options, prefix: 'my.' }, problems);
  return problems;
}

describe('where a value comes from', () => {
  test('without options and variables the defaults count', () => {
    expect(resolve({})).toEqual(defaults);
  });

  test('an option goes before the variable, the variable before the default', () => {
    expect(resolve({ LIFEGUARD_COUNT: '5' })).toEqual({ ...defaults, count: 5 });
    expect(resolve({ LIFEGUARD_COUNT: '5' }, { count: 6 })).toEqual({ ...defaults, count: 6 });
  });

  test.each([
    'postgres://me:s3cret@db/orders',
    'postgres://me:s3c/ret@db',
    'redis://s3cret@db',
    'a,amqp://me:s3cret@db',
  ])('a URL that was given by mistake is told without its password: %s', (text) => {
    const error = new ConfigError(problemsOf({ LIFEGUARD_COUNT: text }, { level: text }));
    expect(error.problems).toHaveLength(2);
    expect(inspect(error, { depth: 9 })).not.toContain('s3c');
    expect(error.message).toContain('://***@db');
  });

  test('a name that is no text is refused, and the general variables are looked at', () => {
    const problems: ConfigProblem[] = [];
    const source = { env: { LIFEGUARD_COUNT: '0' }, name: 5 as unknown as string };
    resolveSettings(table, source, problems);
    expect(problems).toMatchObject([
      { name: 'name', value: '5', allowed: 'text' },
      { name: 'LIFEGUARD_COUNT', value: '0' },
    ]);
  });

  test('an option that is undefined or null counts as not given', () => {
    expect(resolve({ LIFEGUARD_COUNT: '5' }, { count: undefined }).count).toBe(5);
    expect(resolve({ LIFEGUARD_COUNT: '5' }, { count: null }).count).toBe(5);
  });

  test('a duration that is rounded away is refused, for 0 may mean off', () => {
    expect(problemsOf({ LIFEGUARD_GRACE: '0.3' })).toMatchObject([{ name: 'LIFEGUARD_GRACE', value: '0.3' }]);
    expect(resolve({ LIFEGUARD_GRACE: '0.3s' }).graceMillis).toBe(300);
    expect(resolve({ LIFEGUARD_GRACE: '0' }).graceMillis).toBe(0);
  });

  test('an empty variable counts as not set, and blanks around a value are ignored', () => {
    expect(resolve({ LIFEGUARD_COUNT: '  ' }).count).toBe(3);
    expect(resolve({ LIFEGUARD_COUNT: ' 5 ' }).count).toBe(5);
  });

  test("a pool's own variable goes before the general one", () => {
    const env = { LIFEGUARD_COUNT: '5', LIFEGUARD_MY_ORDERS_COUNT: '6' };
    expect(resolve(env, {}, 'my-orders').count).toBe(6);
    expect(resolve(env, {}, 'users').count).toBe(5);
    expect(variableNames('COUNT', 'my-orders')).toEqual(['LIFEGUARD_MY_ORDERS_COUNT', 'LIFEGUARD_COUNT']);
  });

  test('a setting without a variable is not looked for in the environment', () => {
    expect(resolve({ LIFEGUARD_INTERNAL: '9', LIFEGUARD_undefined: '9' }).internal).toBe(7);
    expect(resolve({}, { internal: 9 }).internal).toBe(9);
  });
});

describe('what is understood', () => {
  test.each([
    ['250', 250],
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1m', 60_000],
  ])('the duration %s is %d ms', (text, millis) => {
    expect(resolve({ LIFEGUARD_WAIT: text }).waitMillis).toBe(millis);
    expect(resolve({}, { waitMillis: text }).waitMillis).toBe(millis);
  });

  test('a value outside the range can have a word of its own', () => {
    const env = { LIFEGUARD_GRACE: '5s' };
    expect(resolve(env, { graceMillis: 'off' }).graceMillis).toBe(0);
    expect(resolve(env, { graceMillis: 0 }).graceMillis).toBe(0);
    expect(resolve({ LIFEGUARD_GRACE: 'off' }).graceMillis).toBe(0);
    expect(resolve({ LIFEGUARD_GRACE: 'OFF' }).graceMillis).toBe(0);
  });

  test.each(['on', 'TRUE', '1', 'yes'])('%s is on', (text) => {
    expect(resolve({ LIFEGUARD_ACTIVE: text }).active).toBe(true);
  });

  test.each(['off', 'False', '0', 'no'])('%s is off', (text) => {
    expect(resolve({ LIFEGUARD_ACTIVE: text }).active).toBe(false);
  });

  test('one of some words is found in any case', () => {
    expect(resolve({ LIFEGUARD_LEVEL: 'DEBUG' }).level).toBe('debug');
  });
});

describe('what is refused', () => {
  test.each([
    ['LIFEGUARD_WAIT', 'banana'],
    ['LIFEGUARD_WAIT', '-5s'],
    ['LIFEGUARD_WAIT', '0'],
    ['LIFEGUARD_WAIT', '2m'],
    ['LIFEGUARD_WAIT', '5 parsecs'],
    ['LIFEGUARD_COUNT', '1.5'],
    ['LIFEGUARD_COUNT', '128'],
    ['LIFEGUARD_COUNT', '0x10'],
    ['LIFEGUARD_ACTIVE', 'perhaps'],
    ['LIFEGUARD_LEVEL', 'loud'],
  ])('%s=%s is a problem that names the variable and its value', (name, text) => {
    expect(problemsOf({ [name]: text })).toEqual([{ name, value: text, allowed: expect.any(String) }]);
  });

  test('a bad option is named with its prefix, and a bad variable below it does not matter', () => {
    const problems = problemsOf({ LIFEGUARD_COUNT: 'many' }, { count: Number.NaN });
    expect(problems).toEqual([{ name: 'my.count', value: 'NaN', allowed: 'a whole number from 1 to 127' }]);
  });

  test('one error names every problem, its value and what is allowed', () => {
    const attempt = () => resolve({ LIFEGUARD_WAIT: 'banana', LIFEGUARD_COUNT: '-1' });
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(LifeguardError);
    expect(attempt).toThrow(
      'invalid configuration: ' +
        'LIFEGUARD_WAIT=banana (allowed: a duration from 1ms to 1m, in milliseconds or such as 500ms, 5s, 2m); ' +
        'LIFEGUARD_COUNT=-1 (allowed: a whole number from 1 to 127)',
    );
  });

  test('problems of several tables can be collected before they are thrown', () => {
    const problems: ConfigProblem[] = [];
    const values = resolveSettings(table, { env: { LIFEGUARD_COUNT: '0' } }, problems);
    expect(values.count).toBe(3);
    expect(() => throwProblems(problems)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', problems }));
    expect(() => throwProblems([])).not.toThrow();
  });
});

describe('what documentation is made from', () => {
  test.each([
    [0, '0'],
    [250, '250ms'],
    [5000, '5s'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [3_600_000, '1h'],
  ])('%d ms is written %s', (millis, text) => {
    expect(formatDuration(millis)).toBe(text);
  });

  test('a default is written as its user would write it', () => {
    expect(table.waitMillis.defaultText).toBe('10s');
    expect(table.graceMillis.defaultText).toBe('off');
    expect(table.active.defaultText).toBe('on');
    expect(table.count.defaultText).toBe('3');
    expect(table.level.defaultText).toBe('warn');
  });

  test('what is allowed is said in words', () => {
    expect(table.graceMillis.allowed).toMatch(/, or off \(0\)$/);
    expect(table.internal.allowed).toBe('a whole number from 0 up');
    expect(table.active.allowed).toBe('on or off');
    expect(table.level.allowed).toBe('debug, warn');
  });
});
