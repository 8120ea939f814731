import { closeSync, lstatSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { commandLine } from './command-line.js';
import type { PageContent } from './page.js';
import { readProvenance } from './provenance.js';
import type { Recording } from './recording.js';
import { packagesOf } from './story.js';

type Make = (content: PageContent) => string;

/** What makes something of a run, by how the file's name ends. Loaded when there is a run: most commands have none. */
const KINDS: Readonly<Record<string, () => Promise<Make>>> = {
  '.html': async () => (await import('./page.js')).makePage,
  '.svg': async () => (await import('./picture.js')).makePicture,
};

/** A file that a run is written to when it is over. */
export class ReportFile {
  readonly #path: string;
  readonly #load: () => Promise<Make>;
  #recording: Recording | undefined;

  /** @throws an Error that says what is wrong, if it can't be written */
  constructor(path: string) {
    const load = KINDS[extname(path).toLowerCase()];
    if (load === undefined)
      throw new Error('Allowed: a file whose name ends in .html, for a page, or in .svg, for a picture.');
    tryToWrite(path);
    this.#path = path;
    this.#load = load;
  }

  /** What it is to show. */
  record(recording: Recording): void {
    this.#recording = recording;
  }

  /** @throws an Error if nothing was recorded */
  async write(report: PageContent['report']): Promise<void> {
    const recording = this.#recording;
    if (recording === undefined) throw new Error('nothing was recorded');
    const make = await this.#load();
    const command = commandLine(process.argv.slice(2), process.env);
    const provenance = readProvenance(packagesOf(report), recording.sysctls);
    writeFileSync(this.#path, make({ report, recording, provenance, command }));
  }
}

/** What is there stays as it is until there is something better. */
function tryToWrite(path: string): void {
  try {
    const existed = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    closeSync(openSync(path, 'a'));
    if (!existed) unlinkSync(path);
  } catch (error) {
    throw new Error(`It can't be written: ${error instanceof Error ? error.message : error}.`);
  }
}
