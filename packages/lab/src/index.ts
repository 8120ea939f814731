export { Cable, type Direction, type DropOptions, type RejectOptions } from './cable.js';
export { LabError, LabUnavailableError } from './errors.js';
export { Host } from './host.js';
export { Lab } from './lab.js';
export { Nic } from './nic.js';
export { Postgres, type PostgresOptions, startPostgres } from './postgres.js';
export { type Exit, LabProcess, NodeProcess, type SpawnOptions, type StdioStream } from './process.js';
export type { Rejection } from './router.js';
