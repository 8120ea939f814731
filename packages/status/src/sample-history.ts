import type { Counts, History } from './report.js';

/** Ten minutes, of a sample each second. */
const CAPACITY = 600;

/** The latest samples of one pool. */
export class SampleHistory {
  readonly #samples: (Counts & { readonly at: number })[] = [];

  add(at: number, counts: Counts): void {
    this.#samples.push({ at, ...counts });
    if (this.#samples.length > CAPACITY) this.#samples.shift();
  }

  columns(): History {
    const column = (name: keyof History) => this.#samples.map((sample) => sample[name]);
    return {
      at: column('at'),
      lent: column('lent'),
      idle: column('idle'),
      connecting: column('connecting'),
      quarantined: column('quarantined'),
      waiting: column('waiting'),
    };
  }
}
