type PoolStatus = import('../src/report.js').PoolStatus;
type Counts = import('../src/report.js').Counts;
type MutableHistory = { -readonly [K in keyof PoolHistory]: number[] };

const COUNTED = ['lent', 'idle', 'connecting', 'quarantined', 'waiting'] as const;
/** As many samples as the server keeps. */
const MOST_SAMPLES = 600;

/** Everything about one pool. */
class PoolCard {
  readonly element: HTMLElement;
  readonly #health = make('p', { class: 'health' });
  readonly #moment = make('span', { class: 'moment' });
  readonly #counts = new Map<Layer, HTMLElement>();
  readonly #totals = make('dl', { class: 'totals' });
  readonly #chart: Chart;
  readonly #connections: ConnectionTable;
  readonly #history: MutableHistory;
  #now: Counts;
  /** The sample that the reader points at. */
  #pointed: number | undefined;

  constructor({ id, name, max, now }: PoolStatus, history: PoolHistory | undefined) {
    this.#now = now;
    this.#history = history ? (structuredClone(history) as MutableHistory) : emptyHistory();
    this.#connections = new ConnectionTable(name);
    this.#chart = new Chart({ pool: name, max, pointedAt: (index) => this.#showMoment(index) });
    const heading = make('h2', { id: `pool-${id}` }, name);
    this.element = make(
      'section',
      { class: 'pool', 'aria-labelledby': heading.id },
      make('header', {}, heading, this.#health),
      make('dl', { class: 'counts' }, ...COUNTED.map((layer) => this.#makeCount(layer))),
      this.#chart.element,
      make('p', { class: 'chart-caption' }, this.#moment),
      this.#totals,
      this.#connections.element,
    );
  }

  /** @param at when this was so; `undefined` if the history has it already */
  show(status: PoolStatus, at: number | undefined, windowMillis: number): void {
    this.#now = status.now;
    if (at !== undefined) this.#remember(at, status.now);
    this.#chart.show(this.#history, windowMillis);
    this.#showMoment(this.#pointed);
    this.#showHealth(status);
    this.#showTotals(status);
    this.#connections.show(status.connections);
  }

  showWindow(windowMillis: number): void {
    this.#chart.show(this.#history, windowMillis);
  }

  repaint(): void {
    this.#chart.repaint();
  }

  #makeCount(layer: Layer): HTMLElement {
    const value = make('dd');
    this.#counts.set(layer, value);
    const swatch = make('span', { class: 'swatch', 'data-layer': layer, 'aria-hidden': 'true' });
    return make('div', {}, make('dt', {}, swatch, layer), value);
  }

  #remember(at: number, counts: Counts): void {
    const columns = this.#history;
    columns.at.push(at);
    for (const name of COUNTED) columns[name].push(counts[name]);
    if (columns.at.length > MOST_SAMPLES) for (const column of Object.values(columns)) column.shift();
  }

  /** Now, or the moment that the reader points at. */
  #showMoment(index: number | undefined): void {
    this.#pointed = index;
    const at = index === undefined ? undefined : this.#history.at[index];
    const counts = COUNTED.map((name) => ({
      name,
      value: (index === undefined ? undefined : this.#history[name][index]) ?? this.#now[name],
    }));
    for (const { name, value } of counts) {
      const element = this.#counts.get(name);
      if (element) setText(element, amount(value));
    }
    const moment = at === undefined ? 'now' : `at ${timeOfDay(at)}`;
    setText(this.#moment, at === undefined ? '' : `The numbers above: ${moment}`);
    this.#chart.describe(`${moment}: ${counts.map(({ name, value }) => `${value} ${name}`).join(', ')}`);
  }

  #showHealth({ now, connections }: PoolStatus): void {
    const { health, text } = healthOf(now, connections);
    this.#health.dataset['health'] = health;
    setText(this.#health, text);
  }

  #showTotals({ totals }: PoolStatus): void {
    const { acquired, timeouts, created, connectFailures, suspected, recovered, evicted } = totals;
    const entries: [string, number][] = [
      ['loans', acquired],
      ['waits that timed out', timeouts],
      ['opened', created],
      ['connects failed', connectFailures],
      ['suspected', suspected],
      ['recovered', recovered],
      ...Object.entries(evicted).map(([reason, count]): [string, number] => [`evicted (${reason})`, count]),
    ];
    const shown = entries.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, amount(value))));
    this.#totals.replaceChildren(...shown);
  }
}

function healthOf(now: Counts, connections: readonly ConnectionStatus[]): { health: string; text: string } {
  const suspects = connections.filter(isSuspect).length;
  if (now.waiting > 0 && now.lent + now.idle === 0)
    return { health: 'starving', text: `${now.waiting} wait, and there is no connection` };
  if (suspects > 0) return { health: 'suspect', text: `${suspects} of ${connections.length} suspect` };
  if (now.waiting > 0) return { health: 'waiting', text: `${now.waiting} wait` };
  return { health: 'well', text: 'all is well' };
}

function emptyHistory(): MutableHistory {
  return { at: [], lent: [], idle: [], connecting: [], quarantined: [], waiting: [] };
}
