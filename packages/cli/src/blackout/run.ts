import { on, once, setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '@lifeguard/pool';
import { isEnabled } from '@lifeguard/tcp';
import { now } from './clock.js';
import { type Address, SIDES, type Side } from './drivers/driver.js';
import { DRIVERS, type DriverName } from './drivers/drivers.js';
import { missingPackages } from './missing-packages.js';
import { type Recording, recordingOf } from './page/recording.js';
import type { BlackoutReport, PoolReport } from './report.js';
import { SCENARIOS, type Scenario, type ScenarioName, type Scene } from './scenarios.js';
import { Service } from './service.js';
import { openStage, type Stage } from './stage.js';
import { readStockWaits, type StockWaits } from './stock-waits.js';
import type { Outage } from './tally.js';
import type { View } from './view.js';

const SECOND = 1000;
const WARM_UP_MILLIS = 3 * SECOND;
/** How long to look on after the warm-up where there is no fault. */
const NO_FAULT_MILLIS = 5 * SECOND;
/** How long to look on after healing until each service is answered, and then, to see it recover. */
const PATIENCE_MILLIS = 15 * SECOND;
const AFTERMATH_MILLIS = 5 * SECOND;

export interface RunOptions {
  readonly scenario: ScenarioName;
  readonly cutSeconds: number;
  readonly view: View;
  /** Is given all that was seen. */
  readonly record?: ((recording: Recording) => void) | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

export interface BlackoutOptions extends RunOptions {
  readonly driver: DriverName;
}

/**
 * Runs the same workload on a driver as it comes and on ours, in a lab where a fault befalls them and is healed; where no lab
 * can be made, without a fault. Nothing of it is left when it settles.
 *
 * @throws {ConfigError} if an environment variable of Lifeguard's can't be used, before anything is started
 * @throws {LabError} if the server can't be had; an Error if the driver can't
 * @throws the signal's reason when it aborts
 */
export async function blackout(options: BlackoutOptions): Promise<BlackoutReport> {
  const { driver } = options;
  const missing = missingPackages(DRIVERS[driver]);
  if (missing) throw new Error(`--driver ${driver}: ${missing}`);
  return onStage(options, async (stage, run) => {
    const address = await stage.server(DRIVERS[driver].server);
    run.view.say('starting a service on each of the two');
    const services = await startServices(stage, driver, address, run);
    const seen = await perform(stage.scene, services, run);
    const pools = services.map((service) => reportOn(service, seen));
    return {
      ...scenarioOf(seen, options),
      driver,
      tcp: services.find(({ side }) => side === 'ours')?.tcp ?? {},
      pools,
      computed: computedFor(seen, options),
    };
  });
}

/** A run on a stage. */
export interface Run extends RunOptions {
  /** Ends the run: a service has ended by itself. */
  readonly lose: (error: Error) => void;
}

/** Opens a stage, and closes it whatever comes. */
export async function onStage<R>(options: RunOptions, play: (stage: Stage, run: Run) => Promise<R>): Promise<R> {
  checkEnvironment();
  const { view } = options;
  const stage = await openStage((doing) => view.say(doing));
  const lost = new AbortController();
  const signal = AbortSignal.any([options.signal, lost.signal]);
  // Each service listens.
  setMaxListeners(0, signal);
  try {
    return await play(stage, { ...options, signal, lose: (error) => lost.abort(error) });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    view.done();
    await stage.close();
  }
}

/** The workers would find the same problems, but only when the lab has been made. A pool that is not started opens nothing. */
function checkEnvironment(): void {
  isEnabled(process.env);
  createPool({ create: async () => {}, destroy: async () => {} }, { autostart: false });
}

/** Both services of a driver. @throws the last words of one that fails to open; an AbortError */
export function startServices(
  stage: Stage,
  driver: DriverName,
  address: Address,
  { signal, lose }: Pick<Run, 'signal' | 'lose'>,
): Promise<Service[]> {
  const start = async (side: Side) => {
    signal.throwIfAborted();
    const service = new Service(driver, side, await stage.startWorker());
    // Who is no longer waited for may end, too.
    service.on('error', () => {});
    await Promise.all([once(service, 'ready', { signal }), service.open(address)]);
    return service.on('error', lose);
  };
  return Promise.all(SIDES.map(start));
}

/** What there was to be seen, until when. */
export interface Seen {
  readonly endAt: number;
  readonly outage?: Outage;
  /** Why there was no fault. */
  readonly reason?: string;
}

/** The workload on all services, the fault, and its end. */
export async function perform(scene: Stage['scene'], services: readonly Service[], run: Run): Promise<Seen> {
  const { view, signal, record } = run;
  const startAt = now();
  await Promise.all(services.map((service) => service.start()));
  view.follow(services);
  view.phase('warming up');
  await delay(WARM_UP_MILLIS, undefined, { signal });
  const seen = await goThrough(scene, services, run);
  record?.(recordingOf(services, { startAt, ...seen }));
  return seen;
}

async function goThrough(
  scene: Stage['scene'],
  services: readonly Service[],
  { scenario, cutSeconds, view, signal }: Run,
): Promise<Seen> {
  if ('missing' in scene) {
    view.phase('no fault');
    await delay(NO_FAULT_MILLIS, undefined, { signal });
    return { endAt: now(), reason: scene.missing };
  }
  const outage = await breakAndHeal(SCENARIOS[scenario], scene, services, { cutSeconds, view, signal });
  return { endAt: now(), outage };
}

/** Both times are taken before the command that makes it so: what is measured from them is too long rather than too short. */
async function breakAndHeal(
  scenario: Scenario,
  scene: Scene,
  services: readonly Service[],
  { cutSeconds, view, signal }: Omit<RunOptions, 'scenario'>,
): Promise<Outage> {
  const cutAt = now();
  view.phase(scenario.during, cutSeconds);
  await scenario.apply(scene);
  await delay(cutAt + cutSeconds * SECOND - now(), undefined, { signal });

  const healAt = now();
  view.phase(scenario.after);
  const recovered = Promise.all(services.map((service) => answersSince(service, healAt, signal)));
  await Promise.all([
    scenario.heal(scene),
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

export function reportOn({ name, tcp, tally }: Service, { endAt, outage }: Seen): PoolReport {
  return { name, ...tally.measure(endAt, outage), tcp };
}

export function scenarioOf({ reason }: Seen, { scenario, cutSeconds }: RunOptions) {
  return reason === undefined ? { scenario, cutSeconds } : ({ scenario: 'no-fault', reason, cutSeconds: 0 } as const);
}

/** Nothing where it is not known how long the kernel would go on. */
export function computedFor({ reason }: Seen, { scenario }: RunOptions): StockWaits | null {
  const known = reason !== undefined || SCENARIOS[scenario].lost;
  return known ? (readStockWaits() ?? null) : null;
}
