import type { ComparisonReport, DriverReport } from './comparison.js';
import { DRIVER_NAMES, DRIVERS, type DriverName } from './drivers/drivers.js';
import { missingPackages } from './missing-packages.js';
import {
  computedFor,
  onStage,
  perform,
  type Run,
  type RunOptions,
  reportOn,
  type Seen,
  scenarioOf,
  startServices,
} from './run.js';
import type { Service } from './service.js';
import type { Stage } from './stage.js';

/** To open all connections, on a machine that is starting everything at once. */
const OPENING_MILLIS = 60_000;

/** The two services of a driver; or why there are none. */
type Pair = { readonly driver: DriverName; readonly services: readonly Service[] };
type Absent = { readonly driver: DriverName; readonly missing: string };

/**
 * As `blackout`, with all drivers at once, under one fault. A driver or a server that can't be had is left out, and said; where the
 * environment says `CI=true` that is an error.
 *
 * @throws {ConfigError} if an environment variable of Lifeguard's can't be used, before anything is started
 * @throws an Error if nothing can be compared; the signal's reason when it aborts
 */
export async function compare(options: RunOptions): Promise<ComparisonReport> {
  const uninstalled = DRIVER_NAMES.flatMap((driver) => notInstalled(driver) ?? []);
  checkAbsent(uninstalled, DRIVER_NAMES.length - uninstalled.length);
  return onStage(options, async (stage, run) => {
    const prepared = await Promise.all(DRIVER_NAMES.map((driver) => prepare(stage, driver, run)));
    const absent = prepared.filter((each): each is Absent => 'missing' in each);
    for (const { driver, missing } of absent) run.view.say(`left out: ${driver}: ${missing}`);
    checkAbsent(absent, prepared.length - absent.length);
    const services = prepared.flatMap((each) => ('services' in each ? each.services : []));
    const seen = await perform(stage.scene, services, run);
    return {
      ...scenarioOf(seen, options),
      drivers: prepared.map((each) => ('missing' in each ? each : reportOnPair(each, seen))),
      computed: computedFor(seen, options),
    };
  });
}

function reportOnPair({ driver, services }: Pair, seen: Seen): DriverReport {
  return { driver, pools: services.map((service) => reportOn(service, seen)) };
}

function notInstalled(driver: DriverName): Absent | undefined {
  const missing = missingPackages(DRIVERS[driver]);
  return missing === undefined ? undefined : { driver, missing };
}

/** Starts the driver's server and its two services. @throws the run's reason when it aborts */
async function prepare(stage: Stage, driver: DriverName, run: Run): Promise<Pair | Absent> {
  const absent = notInstalled(driver);
  if (absent) return absent;
  const late = AbortSignal.timeout(OPENING_MILLIS);
  try {
    const address = await stage.server(DRIVERS[driver].server);
    const signal = AbortSignal.any([run.signal, late]);
    const services = await startServices(stage, driver, address, { ...run, signal });
    run.view.say(`${driver} is ready`);
    return { driver, services };
  } catch (error) {
    run.signal.throwIfAborted();
    const missing = error instanceof Error ? error.message : String(error);
    return { driver, missing: late.aborted ? `not ready after ${OPENING_MILLIS / 1000} s` : missing };
  }
}

/** @throws an Error if nothing is present, and in CI if anything is absent */
export function checkAbsent(absent: readonly Absent[], present: number, env: NodeJS.ProcessEnv = process.env): void {
  if (absent.length === 0 || (present > 0 && env['CI'] !== 'true')) return;
  const reasons = absent.map(({ driver, missing }) => `${driver}: ${missing}`).join('; ');
  throw new Error(`${present > 0 ? 'with CI=true nothing is left out' : 'nothing can be compared'}: ${reasons}`);
}
