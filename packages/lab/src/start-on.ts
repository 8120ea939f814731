import type { Host } from './host.js';
import { loopbackSite } from './loopback.js';
import { hostSite, type Site } from './site.js';

/** Starts a server on a site of its own, which goes if that fails. */
export async function startOn<S>(where: Host | 'loopback', start: (site: Site) => Promise<S>): Promise<S> {
  const site = where === 'loopback' ? await loopbackSite() : hostSite(where);
  try {
    return await start(site);
  } catch (error) {
    // Why it can't be cleared away is, as a rule, only what comes of that.
    await site.close().catch(() => {});
    throw error;
  }
}
