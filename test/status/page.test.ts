import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab, startPostgres } from '@lifeguard/lab';
import type { StatusReport } from '@lifeguard/status';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findBrowser, launchBrowser } from './browser.js';

const browserPath = findBrowser();
const unavailable = (await Lab.available()) ?? (browserPath ? undefined : 'there is no Chromium (Debian: chromium)');
if (unavailable) console.warn(`left out: the status page in a browser, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
/** Two probes a second apart after a second of silence, and what a busy machine adds; and until the kernel has given up. */
const SUSPECT_MILLIS = 15_000;
const GONE_MILLIS = 30_000;

/** Of the last run, to be looked at. */
const pictures = join(tmpdir(), 'lifeguard-status-pictures');
let browser: Browser;

interface Scene {
  readonly lab: Lab;
  readonly url: string;
}

/** A service with a pool on a PostgreSQL and one on a server that is on another cable. */
async function setUp(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeguard-status-'));
  const lab = await Lab.create();
  onTestFinished(async () => {
    await lab.close();
    await rm(folder, { recursive: true });
  });
  const [app, db, index] = [await lab.host('app'), await lab.host('db'), await lab.host('index')];
  const postgres = await startPostgres(db);
  const [port] = (await once((await index.node(ECHO)).messages, 'message')) as [number];
  const { host, port: dbPort, user, password, database } = postgres;
  const orders = { host, port: dbPort, user, password, database, ssl: false };
  const path = join(folder, 'status.sock');
  const search = { host: index.address, port };
  const args = [path, JSON.stringify(orders), JSON.stringify(search)];
  const service = await app.node(SERVICE, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(service.messages, 'message');
  return { lab, url: await bridgeTo(path) };
}

const SERVICE = new URL('./service.mjs', import.meta.url);
const ECHO = new URL('../faults/echo-server.mjs', import.meta.url);

/** A browser knows no Unix sockets. */
async function bridgeTo(path: string): Promise<string> {
  const bridge = net.createServer((near) => {
    const far = net.connect(path);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await once(bridge.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void bridge.close());
  return `http://127.0.0.1:${(bridge.address() as AddressInfo).port}/status`;
}

/** A page, and what its browser complains about. */
async function open(url: string, viewport: typeof PHONE): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport, deviceScaleFactor: 2 });
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('.pool').nth(1).waitFor();
  return { page, complaints };
}

const poolNamed = (page: Page, name: string) =>
  page.locator('.pool').filter({ has: page.getByRole('heading', { name }) });

/** Nothing is to the right of the screen. The picture is of the whole page. */
async function photograph(page: Page, name: string): Promise<void> {
  const [width, room] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  expect(width, `${name} is no wider than the screen`).toBeLessThanOrEqual(room);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** What the Tab key comes to, until it leaves the page. */
async function tabStops(page: Page): Promise<string[]> {
  const stops: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<string>(FOCUSED);
    if (stop === '' || stops.includes(stop)) return stops;
    stops.push(stop);
  }
}

const FOCUSED = `
  (({ tagName, ariaLabel, textContent, parentElement }) =>
    tagName === 'BODY' ? '' : ariaLabel ?? (textContent || parentElement.textContent).trim()
  )(document.activeElement)`;

async function untilSampled(page: Page, samples: number): Promise<void> {
  const known = async () => Number(await page.getByRole('slider').first().getAttribute('aria-valuemax')) + 1;
  await expect.poll(known, { timeout: 10_000 }).toBeGreaterThanOrEqual(samples);
}

/** By the list of events, in which several of a kind are one item. */
async function untilEvicted(page: Page, count: number): Promise<void> {
  const items = page.locator('#events [data-kind="evict"]');
  const told = () => items.evaluateAll((all) => all.reduce((sum, { dataset }) => sum + Number(dataset['times']), 0));
  await expect.poll(told, { timeout: GONE_MILLIS }).toBeGreaterThanOrEqual(count);
}

async function reportOf(url: string): Promise<StatusReport> {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  return (await response.json()) as StatusReport;
}

function ownAddresses({ pools }: StatusReport, name: string): (string | undefined)[] {
  const { connections = [] } = pools.find((pool) => pool.name === name) ?? {};
  return connections.flatMap(({ sockets }) => sockets.map(({ local }) => local));
}

describe.skipIf(!possible)('the status page in Chromium', () => {
  beforeAll(async () => {
    if (unavailable || !browserPath) throw new Error(unavailable);
    browser = await launchBrowser(browserPath);
    await mkdir(pictures, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    console.info(`pictures of the status page: ${pictures}`);
  });

  test('shows connections turn suspect and leave while the cable is cut, and others take their place', async () => {
    const { lab, url } = await setUp();
    const [desktop, phone] = await Promise.all([open(url, DESKTOP), open(url, PHONE)]);
    const screens = [
      ['desktop', desktop.page],
      ['phone', phone.page],
    ] as const;
    const health = (page: Page, name: string) => poolNamed(page, name).locator('.health');
    for (const [, page] of screens) await untilSampled(page, 3);
    for (const [name, page] of screens) await photograph(page, `${name}-well`);
    const before = ownAddresses(await reportOf(url), 'orders');
    expect(before.length).toBeGreaterThanOrEqual(4);

    await lab.cable('app', 'db').cut();
    for (const [name, page] of screens) {
      await poolNamed(page, 'orders')
        .locator('tr', { hasText: 'suspect' })
        .first()
        .waitFor({ timeout: SUSPECT_MILLIS });
      await photograph(page, `${name}-suspect`);
    }
    expect(await health(desktop.page, 'search').textContent()).toBe('all is well');
    for (const [, page] of screens) await untilEvicted(page, before.length);
    const after = ownAddresses(await reportOf(url), 'orders');
    expect(after.filter((address) => before.includes(address))).toEqual([]);
    await phone.page.emulateMedia({ colorScheme: 'dark' });
    for (const [name, page] of screens) await photograph(page, `${name}-gone`);

    await lab.cable('app', 'db').heal();
    await health(desktop.page, 'orders').filter({ hasText: 'all is well' }).waitFor({ timeout: GONE_MILLIS });
    await desktop.page.emulateMedia({ colorScheme: 'dark' });
    for (const [name, page] of screens) await photograph(page, `${name}-healed`);
    expect([...desktop.complaints, ...phone.complaints]).toEqual([]);
  });

  test('everything is reached and done by the keyboard', async () => {
    const { url } = await setUp();
    const { page, complaints } = await open(url, DESKTOP);
    await untilSampled(page, 3);
    expect(await tabStops(page)).toEqual(['3 min', 'Pause', 'orders: moment shown', 'search: moment shown', 'JSON']);

    await page.getByRole('radio', { name: '3 min' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: '10 min' }).isChecked()).toBe(true);

    const chart = page.getByRole('slider', { name: 'orders' });
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(
      /^at \d\d:\d\d:\d\d: \d+ lent, \d+ idle, 0 connecting, 0 quarantined, 0 waiting$/,
    );
    await page.keyboard.press('Escape');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/^now: /);

    const status = page.getByRole('status');
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    expect(await status.textContent()).toBe('paused');
    await page.keyboard.press('Enter');
    await status.filter({ hasText: 'live' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
