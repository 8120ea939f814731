/**
 * Tables of settings: what an option or an environment variable may be, its default and its errors.
 *
 * @module
 */

import { inspect } from 'node:util';
import * as v from 'valibot';
import { ConfigError, type ConfigProblem } from './errors.js';
import { withoutCredentials } from './without-credentials.js';

/**
 * One thing that can be set, as an option in code or as an environment variable. The tables of settings are the only
 * source: values, error messages and the documentation's tables are made from them.
 */
export interface Setting<T> {
  /** Environment variable without its prefix: `USER_TIMEOUT`. Left out: an option only. */
  readonly variable?: string;
  /** What an option's value must be. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** Turns the variable's text into an option's value; what it can't turn it returns as it is, for `schema` to refuse. */
  readonly parse: (text: string) => unknown;
  /** What is allowed, in words. */
  readonly allowed: string;
  readonly default: T;
  /** The default as documentation writes it. */
  readonly defaultText: string;
  /** What it does, in one sentence. */
  readonly summary: string;
}

/** A table: option name to setting. `Values` gives each its own type back. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;
/** The options of a table: each with the type of its setting. */
export type Values<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

interface Common<T> {
  readonly variable?: string;
  readonly default: T;
  readonly defaultText?: string;
  readonly summary: string;
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** A value outside the range that is allowed too, such as 0 for off. */
  readonly or?: { readonly value: number; readonly text: string };
}

/** The longest delay of a Node timer, about 24.8 days. */
export const MAX_DELAY_MILLIS = 2 ** 31 - 1;

const UNIT_MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration in milliseconds. As text a plain number of milliseconds, or with a unit: `500ms`, `5s`, `2m`, `1h`. */
export function duration(setting: Common<number> & Range): Setting<number> {
  const { or } = setting;
  return {
    ...setting,
    schema: numberWithin(setting),
    parse: (text) => (or?.text === text.toLowerCase() ? or.value : parseDuration(text)),
    allowed: `a duration ${formatRange(setting)}, in milliseconds or such as 500ms, 5s, 2m${orWord(setting)}`,
    defaultText: setting.defaultText ?? (or?.value === setting.default ? or.text : formatDuration(setting.default)),
  };
}

/** A whole number. */
export function integer(setting: Common<number> & Range): Setting<number> {
  const { or } = setting;
  const last = setting.max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${setting.max}`;
  return {
    ...setting,
    schema: numberWithin(setting),
    parse: (text) => (or?.text === text.toLowerCase() ? or.value : /^-?\d+$/.test(text) ? Number(text) : text),
    allowed: `a whole number from ${setting.min} ${last}${orWord(setting)}`,
    defaultText: setting.defaultText ?? (or?.value === setting.default ? or.text : String(setting.default)),
  };
}

/** On or off. */
export function toggle(setting: Common<boolean>): Setting<boolean> {
  const words = new Map([
    ...['on', 'true', '1', 'yes'].map((word) => [word, true] as const),
    ...['off', 'false', '0', 'no'].map((word) => [word, false] as const),
  ]);
  return {
    ...setting,
    schema: v.boolean(),
    parse: (text) => words.get(text.toLowerCase()) ?? text,
    allowed: 'on or off',
    defaultText: setting.defaultText ?? (setting.default ? 'on' : 'off'),
  };
}

/** One of some words. */
export function choice<const W extends string>(setting: Common<W> & { readonly words: readonly W[] }): Setting<W> {
  return {
    ...setting,
    schema: v.picklist(setting.words),
    parse: (text) => text.toLowerCase(),
    allowed: setting.words.join(', '),
    defaultText: setting.defaultText ?? setting.default,
  };
}

/** Where a table's values come from. */
export interface Source {
  /** How option names are written in errors: `tcp.` makes `tcp.userTimeoutMillis`. */
  readonly prefix?: string;
  /** Explicit options. `undefined` and `null` count as not given; a string is read as a variable's text would be. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** A pool's name: `orders` reads `LIFEGUARD_ORDERS_POOL_MAX` before `LIFEGUARD_POOL_MAX`. */
  readonly name?: string | undefined;
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Resolves settings: the explicit option, else the environment, else the default. Problems are added to `problems`, so
 * that several tables make one error; without `problems` they are thrown.
 *
 * @throws {ConfigError} if `problems` is left out and there are any
 */
export function resolveSettings<S extends Settings>(
  settings: S,
  source: Source,
  problems?: ConfigProblem[],
): Values<S> {
  const found: ConfigProblem[] = problems ?? [];
  const from = { ...source, name: nameOf(source, found) };
  const values = Object.entries(settings).map(([option, setting]) => {
    const given = findValue(option, setting, from);
    if (given === undefined) return [option, setting.default];
    const result = v.safeParse(setting.schema, given.value);
    if (result.success) return [option, result.output];
    found.push({ name: given.name, value: given.text, allowed: setting.allowed });
    return [option, setting.default];
  });
  if (problems === undefined) throwProblems(found);
  return Object.fromEntries(values) as Values<S>;
}

/** Told once, though a pool has several tables. */
function nameOf({ name }: Source, problems: ConfigProblem[]): string | undefined {
  if (typeof name === 'string') return name;
  const isTold = problems.some((problem) => problem.name === 'name');
  if (!isNotGiven(name) && !isTold) problems.push({ name: 'name', value: printable(name), allowed: 'text' });
  return undefined;
}

/** @throws {ConfigError} if there are any problems */
export function throwProblems(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The variables that set this, the more special first. */
export function variableNames(variable: string, name?: string): string[] {
  const general = `LIFEGUARD_${variable}`;
  return name ? [`LIFEGUARD_${toVariablePart(name)}_${variable}`, general] : [general];
}

/** `500ms`, `5s`, `2m`: the shortest way to write it without loss. */
export function formatDuration(millis: number): string {
  if (millis === 0) return '0';
  const unit = (['h', 'm', 's'] as const).find((each) => millis % (UNIT_MILLIS[each] ?? 1) === 0) ?? 'ms';
  return `${millis / (UNIT_MILLIS[unit] ?? 1)}${unit}`;
}

interface Given {
  readonly name: string;
  readonly value: unknown;
  readonly text: string;
}

function findValue<T>(option: string, setting: Setting<T>, source: Source): Given | undefined {
  const explicit = source.options?.[option];
  if (!isNotGiven(explicit)) {
    const value = typeof explicit === 'string' ? setting.parse(explicit) : explicit;
    return { name: `${source.prefix ?? ''}${option}`, value, text: printable(explicit) };
  }
  if (setting.variable === undefined) return undefined;
  const env = source.env ?? process.env;
  for (const name of variableNames(setting.variable, source.name)) {
    const text = env[name]?.trim();
    if (text) return { name, value: setting.parse(text), text: printable(text) };
  }
  return undefined;
}

/** Whether an option was left out: `null` is as good as `undefined`. */
export function isNotGiven(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** A value as errors show it: it may be a server's address that was put there by mistake. */
export function printable(value: unknown): string {
  if (typeof value === 'string') return withoutCredentials(value);
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}

function toVariablePart(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

function parseDuration(text: string): unknown {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return text;
  const millis = Number(match[1]) * (UNIT_MILLIS[match[2] ?? 'ms'] ?? 1);
  const rounded = Math.round(millis);
  // Where 0 is off, a little is not to be taken for it.
  return rounded === 0 && millis > 0 ? text : rounded;
}

function formatRange({ min, max }: Range): string {
  const least = formatDuration(min);
  return max === MAX_DELAY_MILLIS ? `of at least ${least}` : `from ${least} to ${formatDuration(max)}`;
}

function numberWithin({ min, max, or }: Range): v.GenericSchema<unknown, number> {
  const within = v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
  return or ? v.union([within, v.literal(or.value)]) : within;
}

function orWord({ or }: Range): string {
  if (!or) return '';
  return or.text === String(or.value) ? `, or ${or.value}` : `, or ${or.text} (${or.value})`;
}
