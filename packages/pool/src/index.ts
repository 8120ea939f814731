export { ConfigError, type ConfigProblem, LifeguardError, type TcpOptions } from '@lifeguard/tcp';
export type { EvictReason } from './classify.js';
export type { AcquireCallback } from './desk.js';
export {
  AcquireTimeoutError,
  ConnectTimeoutError,
  ConnectUnansweredError,
  DrainTimeoutError,
  DuplicateConnectionError,
  NotBorrowedError,
  PoolClosedError,
  QueueFullError,
  StepTimeoutError,
  UselessConnectionError,
} from './errors.js';
export type { PoolEvents, PoolMessage } from './events.js';
export type { Factory } from './factory.js';
export type { Lease } from './lease.js';
export type { Logger } from './log.js';
export { POOL_SETTINGS, type PoolOptions, type PoolOptions as Options } from './options.js';
export { type AcquireOptions, createPool, Pool } from './pool.js';
export type { PromiseMaker } from './promises.js';
export type { ConnectionReport, PoolStats } from './stats.js';
