import http from 'node:http';
import { isEnabled } from '@lifeguard/tcp';
import { guard } from './agent-guard.js';
import { driverOptions, type LifeguardOptions, resolveOptions } from './options.js';

/** The options of `http.Agent`, and of Lifeguard. */
export type AgentOptions = http.AgentOptions & LifeguardOptions;

/**
 * `http.Agent` whose sockets are hardened, and none is used again that the peer has closed or stopped to answer on. With
 * `LIFEGUARD_ENABLED` off it is `http.Agent`, and that is all.
 */
export class Agent extends http.Agent {
  /** @throws {ConfigError} that names every option and variable that can't be used; what `http.Agent` throws */
  constructor(options: AgentOptions = {}) {
    super(driverOptions(options));
    if (isEnabled()) guard(this, resolveOptions(options));
  }
}
