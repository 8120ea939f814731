/** What a URL says of a server, without the user, the password, the path and the query. */
export interface Target {
  readonly scheme: string;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS is spoken from the first byte on. */
  readonly tls: boolean;
}

interface Scheme {
  /** Left out: a URL has to name one. */
  readonly port?: number;
  readonly tls?: true;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  // TLS, if there is any, comes after some words in the clear: the connection is the same.
  ['postgres', { port: 5432 }],
  ['postgresql', { port: 5432 }],
  ['mysql', { port: 3306 }],
  ['mariadb', { port: 3306 }],
  ['redis', { port: 6379 }],
  ['rediss', { port: 6379, tls: true }],
  ['amqp', { port: 5672 }],
  ['amqps', { port: 5671, tls: true }],
  ['nats', { port: 4222 }],
  ['http', { port: 80 }],
  ['https', { port: 443, tls: true }],
  ['grpc', {}],
  ['tcp', {}],
  ['tls', { tls: true }],
]);

/** For help and errors: `postgres://, … or tls://`. */
export const SCHEME_NAMES: readonly string[] = [...SCHEMES.keys()].map((name) => `${name}://`);

/** A URL that can't be used. Its message has nothing of the URL but the scheme: there may be a password in any place. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/** @throws TargetError */
export function parseTarget(text: string): Target {
  const name = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) throw new TargetError(`a URL begins with one of ${SCHEME_NAMES.join(', ')}`);
  const refuse = (why: string) => new TargetError(`the URL ${name}://… can't be used: ${why}`);

  const [authority = '', rest] = split(text.slice(name.length + '://'.length));
  // Of such a password the first part would be taken for a host and a port, and printed.
  if (rest.includes('@')) {
    throw refuse('there is an @ after the host; in a user or a password write / ? # as %2F %3F %23, else leave it out');
  }
  const { hostname, port } = parse(`${name}://${authority.slice(authority.lastIndexOf('@') + 1)}`, refuse);
  if (hostname === '') throw refuse('there is no host');
  if (/%2f/i.test(hostname)) throw refuse('that is a Unix socket, and what is examined here is TCP');
  if (hostname.includes(',')) throw refuse('there are several hosts; give a URL for each');
  const number = port === '' ? scheme.port : Number(port);
  if (number === undefined) throw refuse(`${name} has no port of its own; write ${name}://host:port`);
  if (number === 0) throw refuse('there is no port 0');
  return { scheme: name, host: hostname.replace(/^\[(.*)\]$/, '$1'), port: number, tls: scheme.tls ?? false };
}

/** `postgres://db:5432` */
export function formatTarget({ scheme, host, port }: Target): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What is before the path, the query or the fragment, and what comes from there on. */
function split(text: string): [string, string] {
  const end = text.search(/[/?#\\]/);
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end)];
}

function parse(text: string, refuse: (why: string) => TargetError): URL {
  try {
    return new URL(text);
  } catch {
    throw refuse('its host or its port can’t be read');
  }
}
