import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  ObservableCounter,
  ObservableUpDownCounter,
} from '@opentelemetry/api';

/** The attributes of the conventions, and ours. */
export const POOL_NAME = 'db.client.connection.pool.name';
export const STATE = 'db.client.connection.state';
export const EVICTION_REASON = 'lifeguard.eviction.reason';

/** What every data point of a pool carries. */
export interface PoolAttributes extends Attributes {
  readonly [POOL_NAME]: string;
}

/** Seconds; those that the conventions give for `db.client.operation.duration`, for they give none for pools. */
const DURATIONS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** Seconds; about the time that the default settings take, 10 s, and shorter ones. */
const DETECTION_TIMES = [0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 12.5, 15, 30];

/**
 * The instruments of OpenTelemetry's conventions for connection pools, and ours. Those that are observable cost nothing until
 * somebody collects.
 */
export interface Instruments {
  readonly count: ObservableUpDownCounter<Attributes>;
  readonly idleMax: ObservableUpDownCounter<Attributes>;
  readonly idleMin: ObservableUpDownCounter<Attributes>;
  readonly max: ObservableUpDownCounter<Attributes>;
  readonly pendingRequests: ObservableUpDownCounter<Attributes>;
  readonly timeouts: ObservableCounter<Attributes>;
  readonly createTime: Histogram<Attributes>;
  readonly waitTime: Histogram<Attributes>;
  readonly useTime: Histogram<Attributes>;
  readonly acquires: ObservableCounter<Attributes>;
  readonly createFailures: ObservableCounter<Attributes>;
  readonly evictions: Counter<Attributes>;
  readonly suspects: Counter<Attributes>;
  readonly recoveries: Counter<Attributes>;
  readonly detectionTime: Histogram<Attributes>;
}

export function createInstruments(meter: Meter): Instruments {
  const level = (name: string, description: string, unit: string) =>
    meter.createObservableUpDownCounter(name, { description, unit });
  const total = (name: string, description: string, unit: string) =>
    meter.createObservableCounter(name, { description, unit });
  const events = (name: string, description: string) =>
    meter.createCounter(name, { description, unit: '{connection}' });
  const seconds = (name: string, description: string, explicitBucketBoundaries = DURATIONS) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } });
  return {
    count: level(
      'db.client.connection.count',
      'The number of connections that are currently in state described by the state attribute.',
      '{connection}',
    ),
    idleMax: level(
      'db.client.connection.idle.max',
      'The maximum number of idle open connections allowed.',
      '{connection}',
    ),
    idleMin: level(
      'db.client.connection.idle.min',
      'The minimum number of idle open connections allowed.',
      '{connection}',
    ),
    max: level('db.client.connection.max', 'The maximum number of open connections allowed.', '{connection}'),
    pendingRequests: level(
      'db.client.connection.pending_requests',
      'The number of current pending requests for an open connection.',
      '{request}',
    ),
    timeouts: total(
      'db.client.connection.timeouts',
      'The number of connection timeouts that have occurred trying to obtain a connection from the pool.',
      '{timeout}',
    ),
    createTime: seconds('db.client.connection.create_time', 'The time it took to create a new connection.'),
    waitTime: seconds('db.client.connection.wait_time', 'The time it took to obtain an open connection from the pool.'),
    useTime: seconds(
      'db.client.connection.use_time',
      'The time between borrowing a connection and returning it to the pool.',
    ),
    acquires: total('lifeguard.connection.acquires', 'Connections that were lent.', '{acquire}'),
    createFailures: total('lifeguard.connection.create_failures', 'Connects that failed.', '{failure}'),
    evictions: events('lifeguard.connection.evictions', 'Connections that left the pool, by reason.'),
    suspects: events('lifeguard.connection.suspects', 'Connections whose peer stopped answering.'),
    recoveries: events('lifeguard.connection.recoveries', 'Suspect connections whose peer answered again.'),
    detectionTime: seconds(
      'lifeguard.connection.detection_time',
      'From the first sign that the peer of a connection is gone to the eviction of the connection.',
      DETECTION_TIMES,
    ),
  };
}
