import { ConfigError } from '@lifeguard/tcp';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Hosts } from './hosts.js';
import { resolveRegisterSettings } from './settings.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** Values that are good for a variable. What of the rest is good, too, the settings' own tests tell. */
const GOOD: Readonly<Record<string, fc.Arbitrary<string>>> = {
  LIFEGUARD_ENABLED: fc.constantFrom('on', 'TRUE', '1', 'yes'),
  LIFEGUARD_KEEPALIVE: fc.constantFrom('on', 'off', 'true', '0'),
  LIFEGUARD_KEEPALIVE_IDLE: fc.integer({ min: 1000, max: 32_767_000 }).map(String),
  LIFEGUARD_KEEPALIVE_INTERVAL: fc.integer({ min: 1, max: 32_767 }).map((seconds) => `${seconds}s`),
  LIFEGUARD_KEEPALIVE_COUNT: fc.integer({ min: 1, max: 127 }).map(String),
  LIFEGUARD_USER_TIMEOUT: fc.oneof(fc.constant('off'), fc.integer({ min: 1, max: 2 ** 31 - 1 }).map(String)),
  LIFEGUARD_HOSTS: fc.array(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), { minLength: 1 }).map((all) => all.join(',')),
  LIFEGUARD_LOG_LEVEL: fc.constantFrom('trace', 'debug', 'INFO', 'warn', 'error', 'fatal', 'silent'),
};

/** Begins so that it is good for none. */
const bad = fc.string({ unit: 'binary' }).map((rest) => `§${rest}`);

const environment = fc.record(
  Object.fromEntries(Object.entries(GOOD).map(([name, good]) => [name, fc.oneof(good, bad)])),
  { requiredKeys: [] },
);

test('of whatever environment either all is good, or one error names each bad variable and no other', () => {
  console.log(`SEED=${SEED}`);
  const property = fc.property(environment, (env) => {
    const wrong = Object.keys(env).filter((name) => env[name]?.startsWith('§'));
    try {
      expect(resolveRegisterSettings(env).hosts).toBeInstanceOf(Hosts);
      expect(wrong).toEqual([]);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.problems.map(({ name }) => name).sort()).toEqual(wrong.sort());
      for (const { allowed } of error.problems) expect(allowed).not.toBe('');
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 2000 });
});

test('any text at all is a value or one clear error', () => {
  const anything = fc.dictionary(fc.constantFrom(...Object.keys(GOOD)), fc.string({ unit: 'binary' }));
  const property = fc.property(anything, (env) => {
    try {
      resolveRegisterSettings(env);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 2000 });
});
