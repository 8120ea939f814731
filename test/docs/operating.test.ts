import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { read, root } from './pages.js';

const page = read('docs/operating.md');

/** The part of the page under a heading. */
function section(title: string): string {
  const [, text] = page.split(`\n## ${title}\n`);
  expect(text, `a section ${title}`).toBeDefined();
  return text?.split('\n## ')[0] ?? '';
}

/** What stands in the first column of a section's tables, in code. */
function names(title: string): string[] {
  return allIn(section(title), /^\| `([^`]+)` \|/gm);
}

function sources(folder: string): string {
  const files = readdirSync(join(root, folder)).filter((file) => /^[^.]+\.ts$/.test(file));
  return files.map((file) => read(join(folder, file))).join('\n');
}

function allIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = '']) => found);
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** Each string in a call of the pool's log, but for the levels. What is put in at run time is shown as `…`. */
function loggedMessages(): string[] {
  const calls = allIn(sources('packages/pool/src'), /#log\(([^;]*?)(?:, \{|\);)/g);
  const strings = calls.flatMap((call) => allIn(call, /['`]([^'`]+)['`]/g));
  return [...new Set(strings.map(withGaps))].filter((text) => !LEVELS.includes(text));
}

function isCode(name: string): boolean {
  return name.startsWith('LIFEGUARD_');
}

/** `a ${b} c` → `a … c` */
function withGaps(template: string): string {
  return template.replace(/\$\{[^}]*\}/g, '…');
}

describe('the page on operating names, and names nothing else than', () => {
  test('every message of the pool', () => {
    const messages = loggedMessages();
    expect(messages.length).toBeGreaterThan(8);
    const named = names('Log lines').filter((name) => !name.startsWith('userTimeoutMillis …') && !isCode(name));
    expect(named.toSorted()).toEqual(messages.toSorted());
  });

  test('every warning about the TCP options', () => {
    const [, body = ''] = read('packages/tcp/src/options.ts').split('function tcpOptionWarnings');
    const warnings = allIn(body.split('\n}')[0] ?? '', /['`](ends [^'`]+)['`]/g);
    expect(warnings.length).toBeGreaterThan(1);
    for (const warning of warnings) expect(section('Log lines')).toContain(withGaps(warning));
  });

  test('every code of a process warning', () => {
    const codes = allIn(sources('packages/tcp/src'), /code: '(LIFEGUARD_\w+)'/g);
    expect(codes.length).toBeGreaterThan(0);
    expect(names('Log lines').filter(isCode).toSorted()).toEqual([...new Set(codes)].toSorted());
  });

  test('every reason of an eviction, and whether it is routine', () => {
    const source = read('packages/pool/src/classify.ts');
    const [, type = ''] = source.split('export type EvictReason =');
    const reasons = allIn(type.split(';')[0] ?? '', /'([a-z-]+)'/g);
    expect(reasons.length).toBeGreaterThan(10);
    expect(names('Eviction reasons').toSorted()).toEqual(reasons.toSorted());

    const [, routine = ''] = source.split('const ROUTINE');
    const calledRoutine = allIn(section('Eviction reasons'), /^\| `([^`]+)` \| yes \|/gm);
    expect(calledRoutine.toSorted()).toEqual(allIn(routine.split(']')[0] ?? '', /'([a-z-]+)'/g).toSorted());
  });

  test('every event', () => {
    const [, events = ''] = read('packages/pool/src/events.ts').split('export interface PoolEvents<T> {');
    expect(names('Events')).toEqual(allIn(events.split('\n}')[0] ?? '', /^ {2}(\w+): \[/gm));
  });

  test('every error code', () => {
    const codes = allIn(sources('packages/pool/src') + read('packages/tcp/src/errors.ts'), /super\(\s*'(ERR_\w+)'/g);
    expect(names('Errors').toSorted()).toEqual([...new Set(codes)].toSorted());
  });

  test('every metric', () => {
    const metrics = allIn(read('packages/otel/src/instruments.ts'), /(?:level|total|events|seconds)\(\s*'([a-z_.]+)'/g);
    expect(metrics.length).toBeGreaterThan(10);
    expect(names('Metrics').toSorted()).toEqual(metrics.toSorted());
  });
});

test('the page on operating has the lines of @lifeguard/register', () => {
  const source = read('packages/register/src/log.ts');
  const text = section('What `@lifeguard/register` says');
  for (const words of ['hardening TCP connections', "can't be set", 'not verified on', '; user timeout ', ', not ']) {
    expect(source).toContain(words);
    expect(text).toContain(words);
  }
});
