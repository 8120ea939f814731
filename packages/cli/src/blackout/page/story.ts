import type { ComparisonReport, DriverReport } from '../comparison.js';
import { type Driver, SERVER_WORDS } from '../drivers/driver.js';
import { DRIVERS } from '../drivers/drivers.js';
import {
  type BlackoutReport,
  countsOf,
  formatComputed,
  noFault,
  type PoolReport,
  type Row,
  seconds,
  sentenceOf,
  waitsOf,
} from '../report.js';
import { SCENARIOS } from '../scenarios.js';
import { STUCK_AFTER_MILLIS } from '../tally.js';
import type { FaultWords } from './timeline.js';

/** What a page tells, of one driver or of many. */
export interface Story {
  readonly headline: string;
  /** Who was under test, and why without a fault. */
  readonly subject: string;
  /** The drivers, each with its two contenders. */
  readonly drivers: readonly DriverReport[];
  readonly measures: readonly Row[];
  /** Sentences on what was measured. */
  readonly terms: readonly string[];
  /** What would have been: computed, not measured. A sentence, and how it ends in each case. */
  readonly computed: { readonly sentence: string; readonly cases: readonly string[] } | undefined;
  readonly words: FaultWords;
}

const OVER = { begins: '', ends: '' };

export function tellStory(report: BlackoutReport | ComparisonReport): Story {
  const { scenario, reason, cutSeconds, computed } = report;
  const one = 'pools' in report ? report : undefined;
  const compared = one ? [one] : 'drivers' in report ? report.drivers.filter((each) => 'pools' in each) : [];
  const { words, terms }: Pick<Driver, 'words' | 'terms'> = one
    ? DRIVERS[one.driver]
    : { words: SERVER_WORDS, terms: '' };
  const faulty = scenario !== 'no-fault';
  const [stock] = one?.pools ?? [];
  return {
    headline: faulty ? sentenceOf(scenario, words.server, cutSeconds) : 'Nothing was broken.',
    subject: [subjectOf(one, compared.length), ...(faulty ? [] : [`${noFault(reason)}.`])].join(' '),
    drivers: compared.map(({ driver, pools }) => ({ driver, pools })),
    measures: [...(faulty ? waitsOf(scenario) : []), ...countsOf({ words })],
    terms: [
      `Stuck is what has neither an answer nor an error after ${seconds(STUCK_AFTER_MILLIS)}.`,
      ...(one ? [terms] : leftOut(report)),
    ],
    computed: faulty && computed && one && stock ? split(formatComputed(computed, one.driver, stock)) : undefined,
    words: faulty ? { begins: SCENARIOS[scenario].during, ends: SCENARIOS[scenario].after } : OVER,
  };
}

function subjectOf(one: BlackoutReport | undefined, drivers: number): string {
  const names = new Intl.ListFormat('en').format((one?.pools ?? []).map(({ name }) => name));
  return `${one ? names : `${drivers} drivers, each as it comes and on Lifeguard`}, under the same load at the same time.`;
}

function leftOut(report: BlackoutReport | ComparisonReport): string[] {
  if (!('drivers' in report)) return [];
  return report.drivers.flatMap((each) => ('missing' in each ? `Left out: ${each.driver}: ${each.missing}.` : []));
}

/** The cases are indented. */
function split(text: string): Story['computed'] {
  const lines = text.split('\n');
  const isCase = (line: string) => line.startsWith(' ');
  return { sentence: lines.filter((line) => !isCase(line)).join(' '), cases: lines.filter(isCase) };
}

/** All contenders, in the order in which they were recorded. */
export function contendersOf({ drivers }: Pick<Story, 'drivers'>): PoolReport[] {
  return drivers.flatMap(({ pools }) => pools);
}

/** The npm packages that are compared with ours. A driver that needs no other is called what its package is. */
export function packagesOf(report: BlackoutReport | ComparisonReport): string[] {
  const names = tellStory(report).drivers.flatMap(({ driver }) => {
    const others = DRIVERS[driver].packages.filter((name) => !name.startsWith('@lifeguard/'));
    return others.length > 0 ? others : [driver];
  });
  return [...new Set(names)];
}
