/** What becomes of packets of a connection that was forgotten: lost, silently, or answered with a reset. */
export type Oblivion = 'silence' | 'tcp-reset';

export const OBLIVIONS = ['silence', 'tcp-reset'] as const satisfies readonly Oblivion[];

/**
 * A table of nftables that forwards, of what goes between two ports, only the connections that were opened since it was made, as a NAT or
 * a load balancer does that has lost its own table. What is not TCP passes.
 */
export function oblivionTable(name: string, [one, other]: readonly [string, string], oblivion: Oblivion): string {
  const tuple = (address: string) =>
    `type ${address} . inet_service . ${address} . inet_service; flags dynamic; size 65536;`;
  return [
    ...withoutTable(name),
    `table inet ${name} {`,
    `set opened4 { ${tuple('ipv4_addr')} }`,
    `set opened6 { ${tuple('ipv6_addr')} }`,
    'chain between {',
    'meta l4proto != tcp return',
    ...['ip', 'ip6'].flatMap((family) => opened(family)),
    oblivion === 'silence' ? 'drop' : 'reject with tcp reset',
    '}',
    'chain forward {',
    'type filter hook forward priority filter; policy accept;',
    `iifname ${one} oifname ${other} jump between`,
    `iifname ${other} oifname ${one} jump between`,
    '}',
    '}',
    '',
  ].join('\n');
}

/** Commands after which there is no such table. */
export function withoutTable(name: string): string[] {
  // Adding what is there does no harm, and deleting what is not there would.
  return [`add table inet ${name}`, `delete table inet ${name}`];
}

/** A SYN opens a connection; its packets are those of its tuple, there and back. */
function opened(family: string): string[] {
  const set = family === 'ip' ? '@opened4' : '@opened6';
  const there = `${family} saddr . tcp sport . ${family} daddr . tcp dport`;
  const back = `${family} daddr . tcp dport . ${family} saddr . tcp sport`;
  return [
    `tcp flags & (syn | ack) == syn add ${set} { ${there} } return`,
    `${there} ${set} return`,
    `${back} ${set} return`,
  ];
}
