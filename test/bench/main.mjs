// `npm run bench`: Lifeguard beside the pools that it stands in for, measured in the same processes and rounds. The
// figures that mean something are the ratios.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { formatResults } from './report.mjs';
import { measureSections, SECTIONS } from './results.mjs';

const ALL = Object.keys(SECTIONS);
const MISUSED = 2;
const PUBLISHED = { json: publishedFile('bench.json'), svg: publishedFile('bench.svg') };

const HELP = `
Sections:
${Object.entries(SECTIONS)
  .map(([name, what]) => `  ${name.padEnd(9)}${what}`)
  .join('\n')}

A whole run takes half an hour and more, most of it for the adapters. Leave the machine alone meanwhile: ratios stand
some noise, and not all of it.
The exit status is 0 whatever was measured; 1 with --strict if a target is missed, and with CI=true if something could not be
measured; 2 if the arguments are wrong.

The object that --json prints:
  node, system, quick
  sections     by name:
    tables       each with name, title, unit, what its ratios are, and rows: name, and cells by column, each with
                 value (the median of the rounds) and ratio (its median; low, high: the range of its 95 % confidence)
    targets      each with what, of (what is measured), bound, limit, measured (low, median, high), and
                 outcome: met, unclear (missed, and the limit lies in the range) or missed
  leftOut      sections that could not be measured here, and the reason

Examples:
  npm run bench
  npm run bench -- --only borrow,check
  npm run bench -- --only drag --nodes 20,22,24
  npm run bench -- --write`;

const program = new Command('npm run bench --')
  .description('Compares Lifeguard with generic-pool, tarn, lightning-pool, pg-pool and pg.Pool.')
  .option('--only <sections>', 'comma-separated, of those below', sectionNames)
  .option('--quick', 'a few seconds for each section: shows that it works, and tells little')
  .option('--nodes <versions>', 'measure drag on these versions of Node.js too; npm fetches them', list)
  .option('--json', 'print one JSON object and nothing else to stdout')
  .option('--write', 'write docs/bench.json and docs/bench.svg, of a whole run')
  .option('--strict', 'exit with status 1 if a target is missed')
  .addHelpText('after', HELP)
  .helpOption('-h, --help', 'print this')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : MISUSED));
const { only = ALL, quick = false, nodes = [], json, write, strict } = program.parse().opts();
if (write && (quick || only.length < ALL.length)) program.error('error: --write goes with neither --only nor --quick');

const results = await measureSections(only, { quick, nodes });
process.stdout.write(json ? `${JSON.stringify(results, undefined, 2)}\n` : formatResults(results));
if (write) {
  // Large, and not needed otherwise.
  const { drawChart } = await import('./chart.mjs');
  await writeFile(PUBLISHED.json, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(PUBLISHED.svg, drawChart(results));
}
process.exitCode = failed() ? 1 : 0;

function failed() {
  const targets = Object.values(results.sections).flatMap((section) => section.targets);
  const missed = strict && targets.some(({ outcome }) => outcome === 'missed');
  return missed || (process.env.CI === 'true' && results.leftOut.length > 0);
}

/** @param {string} text */
function sectionNames(text) {
  const names = list(text);
  const unknown = names.filter((name) => !ALL.includes(name));
  if (names.length === 0) throw new InvalidArgumentError('Name a section, or leave it out for all.');
  if (unknown.length > 0) throw new InvalidArgumentError(`There is no section ${unknown.join(', ')}.`);
  return ALL.filter((name) => names.includes(name));
}

/** @param {string} text */
function list(text) {
  return text.split(',').filter((word) => word !== '');
}

/** @param {string} name */
function publishedFile(name) {
  return fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
}
