type StatusReport = import('../src/report.js').StatusReport;
type StatusTick = import('../src/report.js').StatusTick;

const link = byId('link');
const pauseButton = byId<HTMLButtonElement>('pause');
const events = new EventList();
const cards = new Map<number, PoolCard>();
let source: EventSource | undefined;
let isPaused = false;
let windowMillis = 180_000;

/** The server sends everything first, so nothing is lost by having been away. */
function follow(): void {
  source?.close();
  source = new EventSource('?format=events');
  source.addEventListener('report', ({ data }) => showReport(JSON.parse(data)));
  source.addEventListener('tick', ({ data }) => showTick(JSON.parse(data)));
  source.addEventListener('event', ({ data }) => events.add(JSON.parse(data)));
  source.addEventListener('error', () => {
    tellLink('lost', 'no answer from the server');
    // A browser tries again by itself, unless the server has refused.
    if (source?.readyState === EventSource.CLOSED) setTimeout(rest, 2000);
  });
}

/** Nobody looks: the server need not ask the kernel. */
function rest(): void {
  source?.close();
  source = undefined;
  if (isPaused) tellLink('paused', 'paused');
  else if (!document.hidden) follow();
}

function tellLink(state: string, text: string): void {
  link.dataset['link'] = state;
  setText(link, text);
}

function showReport(report: StatusReport): void {
  const { pid, host, node } = report.process;
  setText(byId('process'), `${host}, process ${pid}, Node.js ${node}`);
  events.replace(report.events);
  for (const card of cards.values()) card.element.remove();
  cards.clear();
  showPools(report, report.history);
}

function showTick(tick: StatusTick): void {
  showPools(tick);
}

/** @param history if it is told: the tick's moment is in it, or not worth a sample of its own */
function showPools({ at, pools }: StatusTick, history?: StatusReport['history']): void {
  const gone = new Set(cards.keys());
  for (const pool of pools) {
    gone.delete(pool.id);
    const card = cards.get(pool.id) ?? addCard(pool, history?.[pool.id]);
    card.show(pool, history ? undefined : at, windowMillis);
  }
  for (const id of gone) removeCard(id);
  byId('none').hidden = cards.size > 0;
  document.title = titleFor(pools);
  tellLink('live', 'live');
}

function addCard(pool: PoolStatus, history: PoolHistory | undefined): PoolCard {
  const card = new PoolCard(pool, history);
  cards.set(pool.id, card);
  byId('pools').append(card.element);
  return card;
}

function removeCard(id: number): void {
  cards.get(id)?.element.remove();
  cards.delete(id);
}

/** Seen in the row of tabs. */
function titleFor(pools: readonly PoolStatus[]): string {
  const suspects = pools.flatMap(({ connections }) => connections).filter(isSuspect).length;
  const waiting = pools.reduce((sum, { now }) => sum + now.waiting, 0);
  const news = [...(suspects > 0 ? [`▲ ${suspects} suspect`] : []), ...(waiting > 0 ? [`◆ ${waiting} wait`] : [])];
  return [...news, 'Lifeguard'].join(' · ');
}

pauseButton.addEventListener('click', () => {
  isPaused = !isPaused;
  pauseButton.setAttribute('aria-pressed', String(isPaused));
  setText(pauseButton, isPaused ? 'Go on' : 'Pause');
  rest();
});

for (const input of document.querySelectorAll<HTMLInputElement>('input[name="window"]')) {
  input.addEventListener('change', () => {
    windowMillis = Number(input.value);
    for (const card of cards.values()) card.showWindow(windowMillis);
  });
}

document.addEventListener('visibilitychange', rest);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const card of cards.values()) card.repaint();
});
follow();
