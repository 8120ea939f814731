/**
 * For adapters of clients that keep their connections, and reconnect, by themselves: how long their callers wait for one.
 *
 * @module
 */

export { whyNotConnected } from '../why-not-connected.js';
export { type ClientSettings, resolveClient } from './resolve.js';
export { millisLeft, type WaitLimit } from './wait-limit.js';
