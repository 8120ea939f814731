import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** What became of one client in one state, in one fault. */
export interface Cell {
  readonly fault: string;
  /** What it was doing. */
  readonly state: string;
  readonly transport: string;
  /** What its callers were told, in a word or two each. */
  readonly told: readonly string[];
  /** From the fault to the last of them. */
  readonly toldMillis: number;
  /** From the healing to the next answer; `undefined` if it was not waited for. */
  readonly servedMillis: number | undefined;
}

/**
 * Collects what a fault matrix sees, prints it in the end, and writes it into the folder `FAULTS_REPORT`, if there is such a
 * variable, for `npm run faults`.
 */
export class Cells {
  readonly #cells: Cell[] = [];

  /** @param adapter whose matrix it is */
  constructor(adapter: string) {
    afterAll(() => {
      console.table(this.#cells.map(lineOf));
      const folder = process.env['FAULTS_REPORT'];
      if (!folder) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${adapter}.json`), JSON.stringify(this.#cells));
    });
  }

  add(cell: Cell): void {
    this.#cells.push({ ...cell, told: [...new Set(cell.told)] });
  }
}

function lineOf({ fault, state, transport, told, toldMillis, servedMillis = 0 }: Cell) {
  const seconds = (millis: number) => `${(millis / 1000).toFixed(1)} s`;
  return {
    fault,
    client: `${state}, ${transport}`,
    'told after': seconds(toldMillis),
    error: told.join(', '),
    'served after healing': seconds(servedMillis),
  };
}
