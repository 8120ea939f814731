import type { Finding } from './examine.js';
import { RULES } from './rules.js';

/** Whether it has to be seen to: code that no test misses for sure, and nobody has said why; or no mutation at all. */
export function isFault({ verdict, mutation }: Finding): boolean {
  return verdict === 'broken' || verdict === 'unsteady' || (verdict === 'survived' && mutation.accepted === undefined);
}

/** A line or two for one finding, as soon as it is known. */
export function formatFinding({ verdict, mutation, detail, millis }: Finding): string {
  const { rule, promise, accepted } = mutation;
  const comment = detail ?? (accepted && `accepted: ${accepted}`);
  const head = `${verdict.padEnd(8)}  rule ${rule}: ${promise} (${(millis / 1000).toFixed(1)} s)`;
  return comment ? `${head}\n          ${comment}` : head;
}

/** What there is to say in the end. */
export function formatSummary(findings: readonly Finding[]): string {
  return [...rulesOf(findings), '', ...survivorsOf(findings), conclusionOf(findings)].join('\n');
}

function rulesOf(findings: readonly Finding[]): string[] {
  const rules = [...new Set(findings.map(({ mutation }) => mutation.rule))].sort((a, b) => a - b);
  return rules.map((rule) => {
    const ofRule = findings.filter(({ mutation }) => mutation.rule === rule);
    const killed = `${countKilled(ofRule)} of ${ofRule.length} killed`;
    return `rule ${String(rule).padStart(2)}  ${killed}  ${RULES[rule]}`;
  });
}

function survivorsOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ verdict, mutation: { file, promise, accepted } }) => {
    if (verdict === 'survived') return [`survived: ${promise} (${file}): ${accepted ?? 'NOT ACCEPTED'}`];
    if (verdict !== 'killed') return [`${verdict}: ${promise} (${file})`];
    return accepted ? [`no longer survives, and need not be accepted: ${promise} (${file})`] : [];
  });
}

function conclusionOf(findings: readonly Finding[]): string {
  const faults = findings.filter(isFault).length;
  const killed = `${countKilled(findings)} of ${findings.length} mutations killed`;
  return faults === 0 ? `${killed}, every survivor is accepted` : `${killed}, ${faults} to be seen to`;
}

function countKilled(findings: readonly Finding[]): number {
  return findings.filter(({ verdict }) => verdict === 'killed').length;
}
