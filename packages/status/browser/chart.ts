/** The browser has a `History` of its own. */
type PoolHistory = import('../src/report.js').History;

const Y_AXIS_WIDTH = 34;
const X_AXIS_HEIGHT = 24;
/** While less is known, the chart is not filled. */
const LEAST_SHOWN_MILLIS = 30_000;
/** Half of a time of day. */
const HALF_LABEL_PIXELS = 30;
/** Whole connections and whole callers. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

interface ChartOptions {
  readonly pool: string;
  readonly max: number;
  /** The reader points at a sample, or no longer. */
  pointedAt(index: number | undefined): void;
}

/** A pool's last minutes: what it held, stacked; and beneath it who waited. */
class Chart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #stack = make('div');
  readonly #queue = make('div');
  #plots: readonly uPlot[] = [];
  #history: PoolHistory | undefined;
  #windowMillis = 0;
  #pointed: number | undefined;

  constructor(options: ChartOptions) {
    this.#options = options;
    this.element = make(
      'div',
      {
        class: 'chart',
        tabindex: '0',
        role: 'slider',
        'aria-label': `${options.pool}: moment shown`,
        'aria-valuemin': '0',
      },
      make('h3', {}, `connections, of at most ${options.max}`),
      this.#stack,
      make('h3', {}, 'callers who wait'),
      this.#queue,
    );
    this.element.addEventListener('keydown', (event) => this.#steer(event));
    this.element.addEventListener('blur', () => this.#point(undefined));
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  show(history: PoolHistory, windowMillis: number): void {
    this.#history = history;
    this.#windowMillis = windowMillis;
    if (this.#plots.length === 0) this.#plot();
    const [stack, queue] = this.#plots;
    stack?.setData([[...history.at], ...stacked(history)]);
    queue?.setData([[...history.at], [...history.waiting]]);
    this.element.setAttribute('aria-valuemax', String(history.at.length - 1));
    if (this.#pointed === undefined) this.element.setAttribute('aria-valuenow', String(history.at.length - 1));
  }

  /** Says what the chart shows, for those who don't see it. */
  describe(text: string): void {
    this.element.setAttribute('aria-valuetext', text);
  }

  /** Draws anew: the colours have changed. */
  repaint(): void {
    for (const plot of this.#plots) plot.destroy();
    this.#plots = [];
    if (this.#history) this.show(this.#history, this.#windowMillis);
  }

  #plot(): void {
    const layers = [...LAYERS].reverse();
    const sync = { key: `pool-${Math.random()}` };
    const hooks = { setCursor: [({ cursor }: uPlot) => this.#pointedBy(cursor.idx ?? undefined)] };
    this.#plots = [
      new uPlot({ ...this.#frame(layers, 150), hooks, cursor: cursorOf(sync) }, undefined, this.#stack),
      new uPlot({ ...this.#frame(['waiting'], 84, X_AXIS_HEIGHT), cursor: cursorOf(sync) }, undefined, this.#queue),
    ];
  }

  #frame(layers: readonly Layer[], height: number, xAxisHeight = 0): uPlot.Options {
    const least = layers.includes('waiting') ? 4 : this.#options.max;
    const axis = { stroke: color('faint'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } };
    return {
      width: this.#width,
      height,
      ms: 1,
      legend: { show: false },
      padding: [6, 4, xAxisHeight ? 0 : 6, 0],
      scales: {
        x: { range: () => this.#range() },
        y: { range: (_, __, highest) => [0, Math.max(least, highest ?? 0)] },
      },
      axes: [
        {
          ...axis,
          show: xAxisHeight > 0,
          size: xAxisHeight,
          space: 76,
          values: (plot, at) => at.map((each) => labelAt(each, plot)),
        },
        { ...axis, size: Y_AXIS_WIDTH, incrs: STEPS, space: 26 },
      ],
      series: [{}, ...layers.map(seriesOf)],
    };
  }

  get #width(): number {
    return Math.max(120, this.element.clientWidth);
  }

  #range(): [number, number] {
    const end = this.#history?.at.at(-1) ?? Date.now();
    const known = end - (this.#history?.at[0] ?? end);
    return [end - Math.min(this.#windowMillis, Math.max(LEAST_SHOWN_MILLIS, known)), end];
  }

  #fit(): void {
    for (const plot of this.#plots)
      if (plot.width !== this.#width) plot.setSize({ width: this.#width, height: plot.height });
  }

  #steer(event: KeyboardEvent): void {
    const last = (this.#history?.at.length ?? 0) - 1;
    const from = this.#pointed ?? last;
    const first = this.#history?.at.findIndex((at) => at >= this.#range()[0]) ?? 0;
    const targets: Readonly<Record<string, number | undefined>> = {
      ArrowLeft: Math.max(first, from - 1),
      ArrowRight: Math.min(last, from + 1),
      PageDown: Math.max(first, from - 10),
      PageUp: Math.min(last, from + 10),
      Home: first,
      End: last,
      Escape: undefined,
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    this.#point(targets[event.key]);
  }

  #point(index: number | undefined): void {
    const at = index === undefined ? undefined : this.#history?.at[index];
    const [stack] = this.#plots;
    const left = at === undefined ? -10 : stack?.valToPos(at, 'x');
    for (const plot of this.#plots) plot.setCursor({ left: left ?? -10, top: 0 }, false);
    this.#pointedBy(index);
  }

  #pointedBy(index: number | undefined): void {
    this.#pointed = index;
    if (index !== undefined) this.element.setAttribute('aria-valuenow', String(index));
    this.#options.pointedAt(index);
  }
}

function cursorOf(sync: { key: string }): uPlot.Cursor {
  return { sync, y: false, points: { show: false }, drag: { x: false, y: false } };
}

function seriesOf(layer: Layer): uPlot.Series {
  const paths = uPlot.paths.stepped?.({ align: -1 });
  return {
    label: layer,
    stroke: () => color(layer),
    fill: (plot) => fillOf(layer, plot.ctx) as string,
    width: 1.5,
    points: { show: false },
    ...(paths && { paths }),
  };
}

/** The highest layer first: each is drawn down to zero, and the next over it. */
function stacked(history: PoolHistory): number[][] {
  const sums: number[][] = [];
  let below: readonly number[] = history.at.map(() => 0);
  for (const layer of LAYERS) {
    const sum = history[layer].map((value, index) => value + (below[index] ?? 0));
    sums.unshift(sum);
    below = sum;
  }
  return sums;
}

/** Nothing where it would be cut off. */
function labelAt(at: number, plot: uPlot): string {
  const room = plot.width - Y_AXIS_WIDTH - plot.valToPos(at, 'x');
  return room < HALF_LABEL_PIXELS ? '' : timeOfDay(at);
}
