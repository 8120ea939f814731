// What V8 makes of a program, and which thread of a server a connection meets, is decided anew in each process and stays for as
// long as that lives. So what is to be compared closely is measured in several processes, one after the other.
import { LabUnavailableError } from '@lifeguard/lab';
import { median } from 'simple-statistics';
import { resultOf } from './child-process.mjs';
import { ratiosOf, spreadOf } from './spread.mjs';

/** So that the median of processes, of which one differs from the next by 1.5 %, is good to half a percent. */
const SITTINGS = 9;

/**
 * What one sitting has measured: nanoseconds for an operation in each round, by case and by contestant.
 *
 * @typedef {Record<string, Record<string, number[]>>} Sitting
 */

/**
 * The rounds of each sitting.
 *
 * @typedef {readonly (readonly number[])[]} Sittings
 */

/**
 * The sittings by case and by contestant.
 *
 * @typedef {Map<string, Map<string, Sittings>>} Cases
 */

/**
 * @param {string} module of a child process, which writes a `Sitting`, or `{ leftOut }`: why it could not be measured here
 * @param {readonly unknown[]} args given to it as JSON
 * @param {{ quick: boolean, tell: (text: string) => void }} options `quick`: one sitting
 * @returns {Promise<Cases>}
 * @throws {LabUnavailableError} if it could not be measured here
 */
export async function measureInSittings(module, args, { quick, tell }) {
  /** @type {Cases} */
  const cases = new Map();
  const count = quick ? 1 : SITTINGS;
  for (let number = 1; number <= count; number += 1) {
    tell(`sitting ${number} of ${count}`);
    const sitting = await resultOf(
      module,
      args.map((arg) => JSON.stringify(arg)),
    );
    if (typeof sitting.leftOut === 'string') throw new LabUnavailableError(sitting.leftOut);
    append(cases, sitting);
  }
  return cases;
}

/**
 * @param {Cases} cases
 * @param {Sitting} sitting
 */
function append(cases, sitting) {
  for (const [name, contestants] of Object.entries(sitting)) {
    const before = cases.get(name) ?? new Map();
    cases.set(name, before);
    for (const [contestant, rounds] of Object.entries(contestants)) {
      before.set(contestant, [...(before.get(contestant) ?? []), rounds]);
    }
  }
}

/**
 * The median of the sittings' medians, and its range. The rounds of a sitting have in common what was decided in its process: they
 * say how well that is known, and not how the next process will do. Of one sitting alone it is that of its rounds.
 *
 * @param {Sittings} sittings
 * @returns {import('./spread.mjs').Spread}
 */
export function spreadOfSittings(sittings) {
  const [first = []] = sittings;
  return spreadOf(sittings.length > 1 ? sittings.map((rounds) => median([...rounds])) : first);
}

/**
 * @param {Sittings} values
 * @param {Sittings} base
 * @returns {import('./spread.mjs').Spread} of `values` divided by `base`, round by round
 */
export function ratioOfSittings(values, base) {
  return spreadOfSittings(values.map((rounds, sitting) => ratiosOf(rounds, base[sitting] ?? [])));
}
