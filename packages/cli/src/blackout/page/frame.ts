import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { originOf, type Recording } from './recording.js';

/** How large a drawing of one contender is, in px. */
export interface Size {
  readonly width: number;
  /** Of the part with the requests. */
  readonly requestsHeight: number;
}

const SECOND = 1000;
/** Room for half a mark at either end. */
const MARGIN = 6;
const TICK_DISTANCE = 64;

/** Where moments and rows are in a drawing. All contenders of a run have the same. */
export class Frame {
  readonly size: Size;
  readonly recording: Recording;
  readonly rowHeight: number;
  readonly #origin: number;
  readonly #seconds: ScaleLinear<number, number>;

  constructor(recording: Recording, size: Size) {
    this.size = size;
    this.recording = recording;
    this.#origin = originOf(recording);
    const rows = Math.max(1, ...recording.contenders.map(({ requests }) => requests.length));
    this.rowHeight = (size.requestsHeight - 2 * MARGIN) / rows;
    this.#seconds = scaleLinear(
      [recording.startAt, recording.endAt].map((at) => (at - this.#origin) / SECOND),
      [MARGIN, size.width - MARGIN],
    ).clamp(true);
  }

  /** @param at by `now()`; what was before the start is at the left edge */
  x(at: number): number {
    return this.#seconds((at - this.#origin) / SECOND);
  }

  /** Of the middle of a row, from the top of the part with the requests. */
  rowMiddle(row: number): number {
    return MARGIN + (row + 0.5) * this.rowHeight;
  }

  /** What stands along the axis. */
  ticks(): { readonly x: number; readonly label: string }[] {
    const format = new Intl.NumberFormat('en', { style: 'unit', unit: 'second', unitDisplay: 'short' });
    return this.#seconds.ticks(this.size.width / TICK_DISTANCE).map((seconds) => ({
      x: this.#seconds(seconds),
      label: format.format(seconds).replace('-', '−').replace(' sec', ' s'),
    }));
  }
}

/** A number of px as it stands in a path: a tenth is finer than a screen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
