import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Page {
  readonly html: string;
  /** The value of `Content-Security-Policy`: only what is in the page runs, and it talks to its own server only. */
  readonly policy: string;
}

/** The page's own scripts. They share one scope, so each comes after what it needs to start. */
const SCRIPTS = ['elements', 'format', 'reasons', 'colors', 'chart', 'connections', 'pool-card', 'events', 'main'];

const require = createRequire(import.meta.url);

/** One file with everything in it. */
export function makePage(): Page {
  const styles = [read(require.resolve('uplot/dist/uPlot.min.css')), read(packageFile('assets/page.css'))];
  const scripts = [read(require.resolve('uplot/dist/uPlot.iife.min.js')), ownScript()];
  const html = read(packageFile('assets/page.html'))
    .replace('<!-- styles -->', () => styles.map((text) => `<style>${text}</style>`).join('\n'))
    .replace('<!-- scripts -->', () => scripts.map((text) => `<script>${text}</script>`).join('\n'));
  return { html, policy: policyFor(scripts, styles) };
}

function ownScript(): string {
  const texts = SCRIPTS.map((name) => read(packageFile(`dist/browser/${name}.js`)));
  return `(() => {\n${texts.join('\n')}\n})();`;
}

function policyFor(scripts: readonly string[], styles: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Of this package, whether this file is compiled or not. */
function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

function read(file: URL | string): string {
  return readFileSync(file, 'utf8');
}
