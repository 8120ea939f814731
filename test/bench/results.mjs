import { cpus, release, type } from 'node:os';
import { resultOf } from './child-process.mjs';

/**
 * What a run has found.
 *
 * @typedef {object} Results
 * @property {string} node version
 * @property {string} system
 * @property {boolean} quick
 * @property {Record<string, import('./table.mjs').SectionResult>} sections by name
 * @property {{ section: string, reason: string }[]} leftOut what could not be measured here
 */

/** The sections, and what each compares. */
export const SECTIONS = {
  borrow: 'acquire + release, the connection given back at once',
  hold: 'the same, the connection held across a turn of the event loop',
  scale: 'pools of 10 to 10,000 connections',
  waiters: '100,000 waiters',
  check: 'a loan checked by the kernel, and SELECT 1 (loopback PostgreSQL)',
  queries: 'queries per second (loopback PostgreSQL)',
  adapters: 'each adapter beside its driver alone (loopback servers)',
  memory: 'bytes for an idle connection and for a waiter',
  drag: 'the rest of the program, with an open pool',
  register: 'what @lifeguard/register costs: a connection, a request, a start',
  observed: 'what observing a pool with OpenTelemetry costs, and a status page',
};

/**
 * Measures sections, one after the other.
 *
 * @param {readonly string[]} names
 * @param {{ quick: boolean, nodes: readonly string[] }} options
 * @returns {Promise<Results>}
 */
export async function measureSections(names, options) {
  const [cpu] = cpus();
  /** @type {Results} */
  const results = {
    node: process.version,
    system: `${type()} ${release()}, ${process.arch}, ${cpus().length} × ${cpu?.model.trim()}`,
    quick: options.quick,
    sections: {},
    leftOut: [],
  };
  for (const name of names) {
    const outcome = await resultOf('section.mjs', [name, JSON.stringify(options)]);
    if (outcome.leftOut) results.leftOut.push({ section: name, reason: outcome.leftOut });
    else results.sections[name] = outcome;
    results.leftOut.push(...(outcome.partsLeftOut ?? []));
  }
  return results;
}
