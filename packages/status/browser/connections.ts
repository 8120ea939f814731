type ConnectionStatus = import('../src/report.js').ConnectionStatus;
type SocketReport = ConnectionStatus['sockets'][number];

const PLACES: Readonly<Record<ConnectionStatus['place'], string>> = {
  lent: '● lent',
  idle: '○ idle',
  checking: '◐ checked',
  arriving: '◌ arriving',
  quarantined: '▲ quarantined',
};

const COLUMNS = ['state', 'peer', 'age', 'uses', 'so for', 'RTT', 'silent', 'unacked', 'retrans', 'probes'] as const;
/** What the short names mean. */
const MEANINGS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  state: 'Where the pool has it, and what the kernel makes of its peer',
  peer: 'Address and port of the peer',
  age: 'Since it was opened',
  uses: 'How often it has been lent',
  'so for': 'How long it has been idle, lent or quarantined',
  RTT: 'Round-trip time, smoothed by the kernel',
  silent: 'Since the peer last gave a sign: data or an acknowledgment',
  unacked: 'Segments sent and not acknowledged',
  retrans: 'Retransmissions in a row without an answer, and all since it was opened',
  probes: 'Probes in a row without an answer',
};
type Cells = readonly { readonly text: string; readonly trouble?: boolean }[];

/** The connections of one pool, those in trouble first. */
class ConnectionTable {
  readonly element: HTMLTableElement;
  readonly #body = make('tbody');
  readonly #rows = new Map<string, HTMLTableRowElement>();

  constructor(pool: string) {
    const headings = COLUMNS.map((name) => make('th', { scope: 'col', title: MEANINGS[name] }, name));
    const caption = make('caption', {}, make('span', { class: 'unseen' }, `${pool}: `), 'as the kernel has them now');
    this.element = make(
      'table',
      { class: 'connections' },
      caption,
      make('thead', {}, make('tr', {}, ...headings)),
      this.#body,
    );
  }

  show(connections: readonly ConnectionStatus[]): void {
    const sorted = [...connections].sort((one, other) => rank(other) - rank(one) || other.ageMillis - one.ageMillis);
    const stale = new Set(this.#rows.keys());
    for (const [index, connection] of sorted.entries()) {
      const key = connection.sockets[0]?.local ?? `without a socket, ${index}`;
      stale.delete(key);
      const row = this.#rows.get(key) ?? this.#addRow(key);
      fill(row, cellsOf(connection));
      if (this.#body.rows[index] !== row) this.#body.insertBefore(row, this.#body.rows[index] ?? null);
    }
    for (const key of stale) {
      this.#rows.get(key)?.remove();
      this.#rows.delete(key);
    }
    this.element.hidden = sorted.length === 0;
  }

  #addRow(key: string): HTMLTableRowElement {
    const row = make('tr', {}, ...COLUMNS.map((name) => make('td', { 'data-label': name })));
    this.#rows.set(key, row);
    return row;
  }
}

function isSuspect({ place, sockets }: ConnectionStatus): boolean {
  return place === 'quarantined' || sockets.some(({ verdict }) => verdict === 'suspect' || verdict === 'dead');
}

function rank(connection: ConnectionStatus): number {
  if (isSuspect(connection)) return 2;
  return connection.place === 'lent' ? 1 : 0;
}

function fill(row: HTMLTableRowElement, cells: Cells): void {
  for (const [index, { text, trouble = false }] of cells.entries()) {
    const cell = row.cells[index];
    if (!cell) continue;
    setText(cell, text);
    cell.dataset['trouble'] = String(trouble);
  }
}

function cellsOf(connection: ConnectionStatus): Cells {
  const { peer, ageMillis, uses, sinceMillis } = connection;
  const info = worst(connection.sockets)?.info;
  const suspect = isSuspect(connection);
  const { retransmits = 0, probes = 0 } = info ?? {};
  return [
    { text: stateOf(connection), trouble: suspect },
    { text: peer ?? 'no TCP socket' },
    { text: duration(ageMillis) },
    { text: amount(uses) },
    { text: duration(sinceMillis) },
    { text: roundTrip(info?.rttMicros) },
    { text: duration(silence(info)), trouble: suspect },
    { text: amount(info?.unacked) },
    { text: info ? `${amount(info.retransmits)} / ${amount(info.totalRetransmits)}` : '–', trouble: retransmits > 1 },
    { text: amount(info?.probes), trouble: probes > 1 },
  ];
}

function stateOf({ place, sockets }: ConnectionStatus): string {
  const verdict = worst(sockets)?.verdict;
  const isNews = verdict === 'suspect' || verdict === 'dead';
  return isNews ? `${PLACES[place].replace(/^./, '▲')}, ${verdict}` : PLACES[place];
}

/** A connection may have several; in most cases it has one. */
function worst(sockets: readonly SocketReport[]): SocketReport | undefined {
  return sockets.find(({ verdict }) => verdict === 'dead' || verdict === 'suspect') ?? sockets[0];
}

function silence(info: SocketReport['info']): number | undefined {
  const signs = [info?.lastAckReceivedMillis, info?.lastDataReceivedMillis].filter((millis) => millis !== undefined);
  return signs.length === 0 ? undefined : Math.min(...signs);
}
