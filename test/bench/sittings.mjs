// What V8 makes of a program, and which thread of a server a connection meets, is decided anew in each process and stays for as
// long as that lives. So what is to be compared closely is measured in several processes, one after the other.
import { LabUnavailableError } from '@lifeguard/lab';
import { resultOf } from './child-process.mjs';

const SITTINGS = 5;

/**
 * What one sitting has measured: nanoseconds for an operation in each round, by case and by contestant.
 *
 * @typedef {Record<string, Record<string, number[]>>} Sitting
 */

/**
 * The rounds of all sittings together.
 *
 * @typedef {Map<string, Map<string, number[]>>} Cases
 */

/**
 * @param {string} module of a child process, which writes a `Sitting`, or `{ leftOut }`: why it could not be measured here
 * @param {readonly unknown[]} args given to it as JSON
 * @param {{ quick: boolean, tell: (text: string) => void, sittings?: number }} options `quick`: one sitting
 * @returns {Promise<Cases>}
 * @throws {LabUnavailableError} if it could not be measured here
 */
export async function measureInSittings(module, args, { quick, tell, sittings = SITTINGS }) {
  /** @type {Cases} */
  const cases = new Map();
  const count = quick ? 1 : sittings;
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
      before.set(contestant, [...(before.get(contestant) ?? []), ...rounds]);
    }
  }
}
