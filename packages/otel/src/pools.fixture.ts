import { createPool, type Pool, type PoolOptions } from '@lifeguard/pool';
import type { Attributes } from '@opentelemetry/api';
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { POOL_NAME } from './instruments.js';

export interface Thing {
  readonly id: number;
}

const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/** A pool of objects that need no network. */
export function poolOfThings(options: PoolOptions = {}, create?: () => Promise<Thing>): Pool<Thing> {
  let made = 0;
  const make = async () => {
    made += 1;
    return { id: made };
  };
  return createPool({ create: create ?? make, destroy: async () => {}, name: 'things' }, { logger, ...options });
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** The SDK, and what it would export now. */
export function startMeter() {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  return { meterProvider, collect: async () => new Snapshot(await collect(reader)) };
}

async function collect(reader: MetricReader) {
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw new AggregateError(errors);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
}

type Metrics = Awaited<ReturnType<typeof collect>>;

/** What was collected, to be asked for single values. */
export class Snapshot {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get names(): string[] {
    return this.#metrics.map(({ descriptor }) => descriptor.name);
  }

  /** The pools that a metric tells of. */
  poolsOf(metric: string): unknown[] {
    return this.#points(metric).map(({ attributes }) => attributes[POOL_NAME]);
  }

  /** `undefined` if there is no such data point. */
  value(metric: string, pool: string, attributes: Attributes = {}): number | undefined {
    return this.#point(metric, { [POOL_NAME]: pool, ...attributes })?.value as number | undefined;
  }

  histogram(metric: string, pool: string): Histogram {
    const empty = { buckets: { boundaries: [], counts: [] }, count: 0, sum: 0 };
    return (this.#point(metric, { [POOL_NAME]: pool })?.value as Histogram | undefined) ?? empty;
  }

  #point(metric: string, wanted: Attributes): DataPoint<unknown> | undefined {
    return this.#points(metric).find(({ attributes }) =>
      Object.entries(wanted).every(([key, value]) => attributes[key] === value),
    );
  }

  #points(metric: string): DataPoint<unknown>[] {
    return this.#metrics.find(({ descriptor }) => descriptor.name === metric)?.dataPoints ?? [];
  }
}
