import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

/** Of the last run, to be looked at. */
export const pictures = join(tmpdir(), 'lifeguard-report-pictures');

/** How wide a telephone and a desk are, in px. */
export const WIDTHS = [390, 1280] as const;

/** What a page shows of one contender. */
export interface ShownContender {
  readonly name: string;
  /** Marks in the drawing that is to be seen. */
  readonly answered: number;
  readonly failed: number;
  readonly open: number;
}

export interface ShownPage {
  readonly contenders: readonly ShownContender[];
  /** What the browser complains about. */
  readonly complaints: readonly string[];
  /** What it fetched but the page itself. */
  readonly requests: readonly string[];
  /** How many px there are to the right of the screen. */
  readonly overflow: number;
  /** Elements that the Tab key comes to. */
  readonly tabStops: readonly string[];
}

/** Opens a report as anybody would, from the disk, in light and in dark, and takes pictures of it. */
export async function lookAt(browser: Browser, file: string, width: number): Promise<ShownPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  try {
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => requests.push(request.url()));
    const url = pathToFileURL(file).href;
    await page.goto(url);
    await mkdir(pictures, { recursive: true });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(pictures, `${width}-${colorScheme}.png`), fullPage: true });
    }
    return {
      contenders: await page.evaluate<ShownContender[]>(COUNT_MARKS),
      overflow: await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'),
      tabStops: await tabStops(page),
      complaints,
      requests: requests.filter((requested) => requested !== url && !requested.startsWith('data:')),
    };
  } finally {
    await page.close();
  }
}

/** A mark is a subpath, which begins with an M. */
const COUNT_MARKS = `
  Array.from(document.querySelectorAll('article'), (card) => {
    const drawing = [...card.querySelectorAll('svg.timeline')].find((svg) => svg.getBoundingClientRect().width > 0);
    const marks = (kind) =>
      [...drawing.querySelectorAll('.mark.' + kind)]
        .filter((path) => !path.closest('.caption'))
        .reduce((sum, path) => sum + path.getAttribute('d').split('M').length - 1, 0);
    return { name: card.querySelector('h2').textContent, answered: marks('answered'), failed: marks('failed'), open: marks('open') };
  })`;

async function tabStops(page: Page): Promise<string[]> {
  const stops: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<string>(FOCUSED);
    if (stop === '' || stops.length > 50) return stops;
    stops.push(stop);
  }
}

const FOCUSED = `
  (({ tagName, ariaLabel, textContent }) => (tagName === 'BODY' ? '' : ariaLabel ?? textContent.trim()))(document.activeElement)`;
