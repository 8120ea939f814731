import https from 'node:https';
import { isEnabled } from '@lifeguard/tcp';
import { guard } from './agent-guard.js';
import { driverOptions, type LifeguardOptions, resolveOptions } from './options.js';

/** The options of `https.Agent`, and of Lifeguard. */
export type HttpsAgentOptions = https.AgentOptions & LifeguardOptions;

/** `Agent` for TLS: `https.Agent`, in the same way. */
export class HttpsAgent extends https.Agent {
  /** @throws {ConfigError} that names every option and variable that can't be used; what `https.Agent` throws */
  constructor(options: HttpsAgentOptions = {}) {
    super(driverOptions(options));
    if (isEnabled()) guard(this, resolveOptions(options));
  }
}
