/** In what form somebody wants to have it. */
export type Format = 'html' | 'json' | 'events';

const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['html', 'html'],
  ['json', 'json'],
  ['events', 'events'],
  ['text/html', 'html'],
  ['application/json', 'json'],
  ['text/event-stream', 'events'],
]);

/** As the query `format` says, else the header `Accept`; `undefined` if the query names a format that there is not. */
export function formatOf(url: string, accept = ''): Format | undefined {
  const start = url.indexOf('?');
  const wanted = start < 0 ? null : new URLSearchParams(url.slice(start)).get('format');
  return wanted === null ? preferred(accept) : FORMATS.get(wanted);
}

/** The one with the greatest weight (RFC 9110, section 12.5.1); of several, the first. */
function preferred(accept: string): Format {
  let best: Format = 'html';
  let greatest = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    const format = FORMATS.get(type);
    if (format === undefined || !(weight > greatest)) continue;
    best = format;
    greatest = weight;
  }
  return best;
}
