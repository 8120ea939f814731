import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cable } from '@lifeguard/lab';
import { createPool } from '@lifeguard/pool';
import { isEnabled } from '@lifeguard/tcp';
import { now } from './clock.js';
import { POOL_NAMES } from './protocol.js';
import type { BlackoutReport } from './report.js';
import { Service } from './service.js';
import { openStage, type Stage } from './stage.js';
import { readStockWaits } from './stock-waits.js';
import type { Outage } from './tally.js';
import type { View } from './view.js';

const SECOND = 1000;
const WARM_UP_MILLIS = 3 * SECOND;
/** How long to look on after the warm-up where there is no fault. */
const NO_FAULT_MILLIS = 5 * SECOND;
/** How long to look on after healing until each pool answers, and then, to see it recover. */
const PATIENCE_MILLIS = 15 * SECOND;
const AFTERMATH_MILLIS = 5 * SECOND;

export interface BlackoutOptions {
  readonly cutSeconds: number;
  readonly view: View;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

/**
 * Runs the same workload on both pools, in a lab where the cable to the database is cut and healed; where no lab can be
 * made, without a fault. Nothing of it is left when it settles.
 *
 * @throws {ConfigError} if an environment variable of Lifeguard's can't be used, before anything is started
 * @throws {LabError} if PostgreSQL can't be had
 * @throws the signal's reason when it aborts
 */
export async function blackout(options: BlackoutOptions): Promise<BlackoutReport> {
  checkEnvironment();
  const stage = await openStage((doing) => options.view.say(doing));
  const lost = new AbortController();
  const signal = AbortSignal.any([options.signal, lost.signal]);
  try {
    options.view.say('starting a service on each pool');
    const services = await startServices(stage, lost, signal);
    return await watch({ ...options, signal, services }, stage.cable);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    options.view.done();
    await stage.close();
  }
}

/** The workers would find the same problems, but only when the lab has been made. A pool that is not started opens nothing. */
function checkEnvironment(): void {
  isEnabled(process.env);
  createPool({ create: async () => {}, destroy: async () => {} }, { autostart: false });
}

/** @throws an AbortError; if a service's process ends, `lost` says so */
function startServices(stage: Stage, lost: AbortController, signal: AbortSignal): Promise<Service[]> {
  const start = async (name: (typeof POOL_NAMES)[number]) => {
    signal.throwIfAborted();
    const service = new Service(name, await stage.startWorker());
    service.on('error', (error) => lost.abort(error));
    await Promise.all([once(service, 'ready', { signal }), service.open(stage.database)]);
    return service;
  };
  return Promise.all(POOL_NAMES.map(start));
}

/** A run, once both services are ready. */
interface Run extends BlackoutOptions {
  readonly services: readonly Service[];
}

async function watch(run: Run, cable: Stage['cable']): Promise<BlackoutReport> {
  const { services, view, signal } = run;
  await Promise.all(services.map((service) => service.start()));
  view.follow(services);
  view.phase('warming up');
  await delay(WARM_UP_MILLIS, undefined, { signal });
  if (!('missing' in cable)) return { scenario: 'silent-cut', ...measure(run, await cutAndHeal(run, cable)) };
  view.phase('no fault');
  await delay(NO_FAULT_MILLIS, undefined, { signal });
  return { scenario: 'no-fault', reason: cable.missing, ...measure(run) };
}

/** Both times are taken before the command that makes it so: what is measured from them is too long rather than too short. */
async function cutAndHeal({ services, cutSeconds, view, signal }: Run, cable: Cable): Promise<Outage> {
  const cutAt = now();
  view.phase('cable cut', cutSeconds);
  await cable.cut();
  await delay(cutAt + cutSeconds * SECOND - now(), undefined, { signal });

  const healAt = now();
  view.phase('cable healed');
  const recovered = Promise.all(services.map((service) => answersSince(service, healAt, signal)));
  await Promise.all([
    cable.heal(),
    Promise.race([recovered, delay(PATIENCE_MILLIS, undefined, { signal, ref: false })]),
  ]);
  await delay(AFTERMATH_MILLIS, undefined, { signal });
  return { cutAt, healAt };
}

async function answersSince(service: Service, moment: number, signal: AbortSignal): Promise<void> {
  for await (const [at] of on(service, 'answered', { signal })) {
    if (at >= moment) return;
  }
}

function measure(
  { services, cutSeconds }: Run,
  outage?: Outage,
): Pick<BlackoutReport, 'cutSeconds' | 'tcp' | 'pools' | 'computed'> {
  const endAt = now();
  return {
    cutSeconds: outage ? cutSeconds : 0,
    tcp: services.find(({ name }) => name === '@lifeguard/pg')?.tcp ?? {},
    pools: services.map(({ name, tcp, tally }) => ({ name, ...tally.measure(endAt, outage), tcp })),
    computed: readStockWaits() ?? null,
  };
}
