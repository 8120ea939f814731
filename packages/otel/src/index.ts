export { type ObserveOptions, type ObservePoolOptions, observeAllPools, observePool } from './observe.js';
