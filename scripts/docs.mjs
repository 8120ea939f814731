// Writes the tables of options and variables in the documentation from the settings themselves. With `--check` it only
// compares, and fails if a table is not as the settings are.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { POOL_SETTINGS } from '../packages/pool/dist/index.js';
import { REGISTER_SETTINGS } from '../packages/register/dist/settings.js';
import { ENABLED_SETTINGS, TCP_SETTINGS } from '../packages/tcp/dist/index.js';
import { root } from './workspace.mjs';

const ofSockets = entries(TCP_SETTINGS, 'tcp.');
const ofPools = entries(POOL_SETTINGS).map((row) => (row.option === 'logLevel' ? { ...row, option: 'logger' } : row));
const ofProcesses = entries({ ...ENABLED_SETTINGS, hosts: REGISTER_SETTINGS.hosts }).map((row) => ({
  ...row,
  option: undefined,
}));
const ofRegister = [{ ...REGISTER_SETTINGS.logLevel, option: undefined }];
const settings = [...ofSockets, ...ofPools, ...ofProcesses];

const blocks = {
  environment: table(
    ['variable', 'option', 'default', 'what it sets'],
    settings
      .filter(({ variable }) => variable)
      .map(({ variable, option, defaultText, summary }) => [
        `\`LIFEGUARD_${variable}\``,
        option ? `\`${option}\`` : '',
        `\`${defaultText}\``,
        summary,
      ]),
  ),
  options: table(
    ['option', 'default', 'allowed', 'what it sets'],
    settings
      .filter(({ variable, option }) => option && !variable)
      .map(({ option, defaultText, allowed, summary }) => [
        `\`${option}\``,
        defaultText.includes('`') ? defaultText : `\`${defaultText}\``,
        allowed,
        summary,
      ]),
  ),
  sockets: complete(ofSockets),
  pools: complete(ofPools),
  processes: complete(ofProcesses),
  register: complete(ofRegister),
};

let stale = 0;
for (const file of ['README.md', 'docs/configuration.md']) {
  const path = join(root, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(
    /(<!-- made by `npm run docs`: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start, name, end) => `${start}${blocks[name]}\n${end}`,
  );
  if (after === before) continue;
  stale += 1;
  if (!process.argv.includes('--check')) writeFileSync(path, after);
  else process.stderr.write(`${file}: its tables are not as the settings are; run \`npm run docs\`\n`);
}
if (stale > 0 && process.argv.includes('--check')) process.exit(1);

function entries(table, prefix = '') {
  return Object.entries(table).map(([option, setting]) => ({ ...setting, option: prefix + option }));
}

/** All that there is to say of some settings. A column in which none has anything is left out. */
function complete(rows) {
  const columns = [
    ['option', ({ option }) => (option ? `\`${option}\`` : '')],
    ['variable', ({ variable }) => (variable ? `\`LIFEGUARD_${variable}\`` : '')],
    ['default', ({ defaultText }) => (defaultText.includes('`') ? defaultText : `\`${defaultText}\``)],
    ['allowed', ({ allowed }) => allowed],
    ['what it sets', ({ summary }) => summary],
  ].filter(([, cell]) => rows.some((row) => cell(row) !== ''));
  return table(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
  );
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
