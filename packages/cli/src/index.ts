export type { BlackoutReport, PoolReport } from './blackout/report.js';
export type { StockWaits, TcpSysctls } from './blackout/stock-waits.js';
export type { Measures } from './blackout/tally.js';
