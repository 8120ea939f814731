import type { IncomingMessage, ServerResponse } from 'node:http';
import { respond } from './fetch-face.js';
import { serve } from './node-face.js';
import { Site } from './site.js';

/**
 * Answers requests: by `node:http`, and so in Express, Connect and Fastify; and by `fetch`, as Hono has it. Every path is
 * taken for the page's own, so mount it at one. It reads the query `format` and the header `Accept`.
 */
export interface StatusPage {
  (request: IncomingMessage, response: ServerResponse): void;
  /** The same for a server that speaks the Fetch standard. Can be passed on without the page. */
  fetch(this: void, request: Request): Response;
  /** Stops sampling, and ends the open pages' streams, for which `server.close()` would wait. Further requests get a 503. */
  close(this: void): void;
}

/**
 * Makes a page of all pools of this process, those inside the adapters too, and begins to take a sample of them each second.
 * Pools that were made before are found when they are next used.
 *
 * It shows addresses, names and numbers, and can change nothing. Who may see it is for the program to say that mounts it.
 */
export function statusPage(): StatusPage {
  const site = new Site();
  return Object.assign((request: IncomingMessage, response: ServerResponse) => serve(site, request, response), {
    fetch: (request: Request) => respond(site, request),
    close: () => site.close(),
  });
}
