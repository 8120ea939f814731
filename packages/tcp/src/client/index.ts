/**
 * For adapters of clients that keep their connections, and reconnect, by themselves.
 *
 * @module
 */

export { ReconnectPace } from './pace.js';
export { resolveClientTcp } from './resolve.js';
export { giveUpOnSilence } from './silence.js';
