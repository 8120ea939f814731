export type { Counts, History, PoolEvent, PoolStatus, StatusReport, StatusTick } from './report.js';
export { type StatusPage, statusPage } from './status-page.js';
