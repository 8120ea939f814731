import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makePage, type PageContent } from './page.js';
import { makePicture } from './picture.js';
import { RECORDING, REPORT } from './run.fixture.js';

const CONTENT: PageContent = {
  report: REPORT,
  recording: RECORDING,
  provenance: [['kernel', 'Linux <6.18>']],
  command: 'lifeguard blackout --report x.html',
};

/** How many marks of that kind each drawing has; the caption has one more, which tells what it means. */
function marksIn(text: string, kind: string): number[] {
  const paths = text.matchAll(new RegExp(`<path class="mark ${kind}" d="([^"]*)"/>`, 'g'));
  const counts = Array.from(paths, ([, path = '']) => path.split('M').length - 1);
  return counts.filter((_, index) => index % 2 === 0);
}

describe('the page', () => {
  const page = makePage(CONTENT);
  const [drawings = ''] = page.split('What was measured');

  it('has one mark for each request, by what became of it, in each size of a drawing', () => {
    const twice = (numbers: readonly number[]) => numbers.flatMap((number) => [number, number]);
    expect(marksIn(drawings, 'answered')).toEqual(twice(REPORT.pools.map(({ answered }) => answered)));
    expect(marksIn(drawings, 'failed')).toEqual(twice(REPORT.pools.map(({ failed }) => failed)));
    const open = REPORT.pools.map(({ sent, answered, failed }) => sent - answered - failed);
    expect(marksIn(drawings, 'open')).toEqual(twice(open));
  });

  it('draws the part of a wait after which a request is stuck', () => {
    const stuck = Array.from(
      drawings.matchAll(/<path class="stuck" d="([^"]*)"\/><\/g><path/g),
      ([, path = '']) => path,
    );
    expect(stuck.map((path) => path.split('M').length - 1)).toEqual([2, 2, 0, 0]);
  });

  it('allows itself its own style sheet and nothing else: no script, no connection', () => {
    const [, styles = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(styles).digest('base64');
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; img-src data:; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(page).not.toMatch(/<script|\sstyle=|\son\w+=|(href|src)="(?!data:)/);
  });

  it('says when, where and by what command it was made', () => {
    expect(page).toContain('2 January 2026 at 03:04 UTC');
    expect(page).toContain('<dt>kernel</dt><dd>Linux &lt;6.18&gt;</dd>');
    expect(page).toContain('<code>lifeguard blackout --report x.html</code>');
  });

  it('brings all that was recorded, with times from the fault on', () => {
    const [, data = ''] = /href="data:application\/json;base64,([^"]*)"/.exec(page) ?? [];
    const { report, contenders } = JSON.parse(Buffer.from(data, 'base64').toString());
    expect(report).toEqual(JSON.parse(JSON.stringify(REPORT)));
    expect(contenders[1].requests).toContainEqual([1000, 10_000, 'ETIMEDOUT']);
    expect(contenders[1].requests).toContainEqual([26_900, null, null]);
  });

  it('shows no fault where there was none, and says why', () => {
    const { outage: _, ...recording } = RECORDING;
    const report = { ...REPORT, scenario: 'no-fault', reason: 'a lab needs Linux', cutSeconds: 0 } as const;
    const calm = makePage({ ...CONTENT, report, recording });
    expect(calm).toContain('no lab can be made here: a lab needs Linux');
    expect(calm).not.toMatch(/class="edge"|cable cut|when the fault ended/);
  });

  it('takes many drivers, and says which were left out', () => {
    const { pools, driver, computed } = REPORT;
    const drivers = [
      { driver, pools },
      { driver: 'mysql2', pools } as const,
      { driver: 'nats', missing: 'no server' } as const,
    ];
    const contenders = [...RECORDING.contenders, ...RECORDING.contenders];
    const report = { scenario: 'tcp-reset', cutSeconds: 20, drivers, computed } as const;
    const many = makePage({ ...CONTENT, report, recording: { ...RECORDING, contenders } });
    expect(many.match(/<article/g)).toHaveLength(4);
    expect(many).toContain('2 drivers, each as it comes and on Lifeguard');
    expect(many).toContain('Left out: nats: no server.');
  });
});

describe('the picture', () => {
  const picture = makePicture(CONTENT);

  it('has the same marks, once', () => {
    expect(marksIn(picture, 'answered')).toEqual(REPORT.pools.map(({ answered }) => answered));
    expect(marksIn(picture, 'failed')).toEqual(REPORT.pools.map(({ failed }) => failed));
  });

  it('names itself for those who can’t see it', () => {
    expect(picture).toContain('role="img"');
    expect(picture).toContain('<title>The cable to the database was cut silently for 20 s, then healed.</title>');
  });

  it('has no character that XML does not allow, which would make a picture of nothing', () => {
    const odd = makePicture({ ...CONTENT, command: 'lifeguard blackout --report \x1b[1m\0\ud800x\uffff.svg' });
    expect(odd).toContain('--report \ufffd[1m\ufffd\ufffdx\ufffd.svg');
  });

  it('loads nothing', () => {
    expect(picture).not.toMatch(/<script|href=|@import|url\((?!#)/);
  });
});
