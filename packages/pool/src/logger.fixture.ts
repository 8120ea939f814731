import type { Logger } from './log.js';

const ignore = () => {};

/** Writes nothing. */
export const silentLogger: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
