/** From the bottom to the top of the chart. */
const LAYERS = ['lent', 'idle', 'connecting', 'quarantined'] as const;
type Layer = (typeof LAYERS)[number] | 'waiting';

/** As the style sheet has it, by day or by night. */
function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Each layer has a pattern of its own, so that nobody needs its colour. The style sheet's swatches have the same. */
const DRAWINGS: Readonly<Partial<Record<Layer, (context: CanvasRenderingContext2D, size: number) => void>>> = {
  connecting: (context, size) => {
    for (const [x, y] of [
      [1, 1],
      [3, 3],
    ] as const) {
      context.beginPath();
      context.arc((x * size) / 4, (y * size) / 4, size / 7, 0, 2 * Math.PI);
      context.fill();
    }
  },
  quarantined: (context, size) => {
    context.lineWidth = size / 3;
    for (const shift of [-size, 0, size]) {
      context.beginPath();
      context.moveTo(shift - 1, size + 1);
      context.lineTo(shift + size + 1, -1);
      context.stroke();
    }
  },
  waiting: (context, size) => context.fillRect(0, 0, size, size / 3),
};

function fillOf(layer: Layer, context: CanvasRenderingContext2D): CanvasPattern | string {
  const draw = DRAWINGS[layer];
  if (!draw) return color(layer);
  const tile = patternTile(layer, draw);
  return context.createPattern(tile, 'repeat') ?? color(layer);
}

function patternTile(layer: Layer, draw: (context: CanvasRenderingContext2D, size: number) => void): HTMLCanvasElement {
  const size = Math.round(8 * devicePixelRatio);
  const tile = make('canvas', { width: String(size), height: String(size) });
  const context = tile.getContext('2d');
  if (!context) return tile;
  context.fillStyle = color('surface');
  context.fillRect(0, 0, size, size);
  context.fillStyle = color(layer);
  context.strokeStyle = color(layer);
  draw(context, size);
  return tile;
}
