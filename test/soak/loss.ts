import { setTimeout as delay } from 'node:timers/promises';
import type { Eviction, Finish, Progress } from './client.js';
import { now } from './clock.js';
import { examine, type Finding, unexpectedFailures } from './findings.js';
import { formatCounts, sum } from './ledger.js';
import { openStage, type Stage } from './stage.js';
import { untilNoConnections } from './until-no-connections.js';

export interface LossOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface LossReport extends Finish {
  readonly seconds: number;
  readonly percent: number;
  /** How many connections left the pool, by reason. */
  readonly evicted: Readonly<Record<string, number>>;
  readonly serverConnections: number;
  readonly findings: readonly Finding[];
}

/** Of all packets, in each direction. */
const PERCENT = 5;
const PROGRESS_MILLIS = 10_000;

/** With `surplus`, another connect was quicker than one whose packets were lost. */
const ROUTINE: ReadonlySet<string> = new Set(['idle', 'max-lifetime', 'surplus', 'closed']);

/** The TCP options are the defaults. A short life, so that connections are opened under loss, too. */
const POOL = { max: 10, maxLifetimeMillis: 20_000 };

/** Idle for long enough to be probed by the kernel, as are those that wait for a slow answer. */
const LOAD = {
  tides: [
    { borrowers: 16, millis: 5000 },
    { borrowers: 6, millis: 5000 },
    { borrowers: 2, millis: 4000 },
    { borrowers: 0, millis: 8000 },
  ],
  pauseMillis: 100,
  slow: { oneIn: 500, seconds: 8 },
};

/**
 * A pool under load while packets are lost at random, both ways. Nobody is dead: so no connection may leave the pool
 * but for an ordinary reason, no request may fail, and every answer must be right.
 *
 * @throws LabUnavailableError where no lab can be made
 */
export async function soakInLoss({ minutes, seed, say }: LossOptions): Promise<LossReport> {
  const evicted: Record<string, number> = {};
  const findings: Finding[] = [];
  const stage = await openStage((eviction) => {
    evicted[eviction.reason] = (evicted[eviction.reason] ?? 0) + 1;
    say(`loss: evicted (${describe(eviction)})`);
    if (ROUTINE.has(eviction.reason)) return;
    findings.push({ promise: 'nothing healthy is evicted', found: describe(eviction) });
  });
  try {
    const { client, cable, server, observer } = stage;
    await client.call('open', { server, pool: POOL, load: LOAD, seed });
    await cable.drop({ percent: PERCENT });
    await client.call('start');
    const startedAt = now();
    await follow(stage, minutes, (progress) => say(`loss: ${formatProgress(progress, startedAt, minutes)}`));
    const seconds = (now() - startedAt) / 1000;
    const end = await client.call('finish');
    await cable.heal();
    const serverConnections = await untilNoConnections(observer);
    findings.push(...examine(end, serverConnections), ...unexpectedFailures(end.account.failed));
    if (end.retransmits === 0) findings.push({ promise: 'the fault is real', found: 'nothing had to be sent again' });
    return { seconds, percent: PERCENT, ...end, evicted, serverConnections, findings };
  } finally {
    await stage.close();
  }
}

async function follow({ client }: Stage, minutes: number, tell: (progress: Progress) => void): Promise<void> {
  const endAt = now() + minutes * 60_000;
  while (now() < endAt) {
    await delay(Math.min(PROGRESS_MILLIS, endAt - now()));
    tell(await client.call('progress'));
  }
}

function formatProgress({ account, retransmits }: Progress, startedAt: number, minutes: number): string {
  const seconds = Math.round((now() - startedAt) / 1000);
  return [
    `${seconds} s of ${Math.round(minutes * 60)} s`,
    `${account.answered.toLocaleString('en')} right answers`,
    `${account.wrong} wrong`,
    `${sum(account.failed)} failed${sum(account.failed) > 0 ? ` (${formatCounts(account.failed)})` : ''}`,
    `${account.pending} pending`,
    `${retransmits.toLocaleString('en')} segments sent again`,
  ].join(', ');
}

function describe({ reason, error, info }: Eviction): string {
  const kernel = info && [
    info.state,
    `${info.retransmits} retransmits`,
    `${info.probes} probes`,
    `${info.unacked} unacked`,
    `last ack ${info.lastAckReceivedMillis} ms ago`,
  ];
  const routine = ROUTINE.has(reason);
  return [reason, ...(error === undefined ? [] : [error]), ...(routine ? [] : (kernel ?? []))].join(', ');
}
