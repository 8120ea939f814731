/**
 * What is asked of every factory, with any test runner or none.
 *
 * @module
 */

export { type Check, checksFor } from './checks.js';
export { ConformanceError, checkConformance, conformance, type TestRunner } from './conformance.js';
export type { Address, Dirt, Subject } from './subject.js';
