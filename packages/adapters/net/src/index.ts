export { DirtySocketError } from './errors.js';
export { netFactory, tlsFactory } from './factory.js';
export type { NetOptions, TlsOptions } from './options.js';
export { createPool, type NetPoolOptions, type TlsPoolOptions } from './pool.js';
