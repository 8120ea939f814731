import { formatOf } from './format.js';
import type { Site } from './site.js';

export interface Question {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly url: string;
  /** The header `Accept`. */
  readonly accept: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Or what is still to come: the events of the site. */
  readonly body: string | 'events';
}

const ALWAYS = {
  // Between here and the reader nothing is to be kept, packed or held back.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Accept',
};

/** What to answer, whatever server asks. */
export function answer({ method, url, accept }: Question, site: Site): Answer {
  if (method !== 'GET' && method !== 'HEAD')
    return refusal(405, 'This is only to be looked at.', { allow: 'GET, HEAD' });
  const format = formatOf(url, accept);
  if (format === undefined) return refusal(404, 'There are the formats html, json and events.');
  if (site.isClosed) return refusal(503, 'This page has been closed.');
  switch (format) {
    case 'html':
      return success('text/html; charset=utf-8', site.page.html, { 'content-security-policy': site.page.policy });
    case 'json':
      return success('application/json; charset=utf-8', `${JSON.stringify(site.report(), undefined, 2)}\n`);
    case 'events':
      return success('text/event-stream; charset=utf-8', method === 'HEAD' ? '' : 'events');
  }
}

function success(type: string, body: Answer['body'], headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers: { ...ALWAYS, 'content-type': type, ...headers }, body };
}

function refusal(status: number, why: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { ...ALWAYS, 'content-type': 'text/plain; charset=utf-8', ...headers }, body: `${why}\n` };
}
