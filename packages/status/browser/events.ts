type PoolEvent = import('../src/report.js').PoolEvent;

/** As many as the server keeps. */
const MOST_EVENTS = 200;
/** One thing may befall several connections; the pool hears of it from each, within seconds. */
const SAME_TIME_MILLIS = 3000;

/** What has happened, the latest first. */
class EventList {
  readonly #list = byId<HTMLOListElement>('events');
  readonly #quiet = byId('quiet');
  /** The item on top. */
  #latest: { readonly event: PoolEvent; readonly times: number } | undefined;

  constructor() {
    // It scrolls, and without a mouse that takes the focus.
    this.#list.tabIndex = 0;
    this.replace([]);
  }

  replace(events: readonly PoolEvent[]): void {
    this.#list.replaceChildren();
    this.#latest = undefined;
    for (const event of events) this.#put(event);
    this.#adjust();
  }

  add(event: PoolEvent): void {
    this.#put(event);
    this.#adjust();
  }

  /** What befalls many connections at once is one item with a number. */
  #put(event: PoolEvent): void {
    const { event: before, times = 0 } = this.#latest ?? {};
    const isMore = before !== undefined && isSame(event, before);
    if (isMore) this.#list.firstElementChild?.remove();
    this.#latest = { event, times: isMore ? times + 1 : 1 };
    this.#list.prepend(itemOf(event, this.#latest.times));
    if (this.#list.children.length > MOST_EVENTS) this.#list.lastElementChild?.remove();
  }

  #adjust(): void {
    this.#quiet.hidden = this.#list.children.length > 0;
    this.#list.hidden = !this.#quiet.hidden;
  }
}

function isSame(event: PoolEvent, before: PoolEvent): boolean {
  const told = ({ pool, kind, peer, reason, error }: PoolEvent) => [pool, kind, peer, reason, error].join();
  return told(event) === told(before) && event.at - before.at < SAME_TIME_MILLIS;
}

function itemOf(event: PoolEvent, times: number): HTMLLIElement {
  const { at, pool, kind, peer, reason } = event;
  const routine = reason !== undefined && REASONS[reason].routine === true;
  return make(
    'li',
    { 'data-kind': kind, 'data-routine': String(routine), 'data-times': String(times) },
    make('time', { datetime: new Date(at).toISOString() }, timeOfDay(at)),
    make('span', {}, `${pool} `, make('b', {}, titleOf(event)), ` ${times > 1 ? `× ${times} ` : ''}${peer ?? ''}`),
    make('span', { class: 'why' }, whyOf(event)),
  );
}

function titleOf({ kind, reason }: PoolEvent): string {
  if (kind === 'evict') return `evicted: ${reason}`;
  return { suspect: 'suspect', recover: 'recovered', error: 'error' }[kind];
}

function whyOf({ kind, reason, error }: PoolEvent): string {
  const why = reason === undefined ? '' : REASONS[reason].text;
  const meanings = {
    evict: why,
    suspect: 'the peer leaves something unanswered',
    recover: 'the peer answers again',
    error: 'in the background',
  };
  return error === undefined ? meanings[kind] : `${meanings[kind]} (${error})`;
}
