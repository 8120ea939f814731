// Writes the tables of options and variables in the documentation from the settings themselves, and the pages on the API
// from the types. With `--check` it only compares, and fails if one is not as the source is.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { POOL_SETTINGS } from '../packages/pool/dist/index.js';
import { REGISTER_SETTINGS } from '../packages/register/dist/settings.js';
import { ENABLED_SETTINGS, TCP_SETTINGS } from '../packages/tcp/dist/index.js';
import { API_FOLDER, apiPages } from './api/pages.mjs';
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

const isCheck = process.argv.includes('--check');

for (const file of ['README.md', 'docs/configuration.md']) {
  const before = readFileSync(join(root, file), 'utf8');
  const after = before.replace(
    /(<!-- made by `npm run docs`: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start, name, end) => `${start}${blocks[name]}\n${end}`,
  );
  put(file, after);
}

const pages = await apiPages();
for (const [name, text] of pages) put(join(API_FOLDER, name), text);
for (const name of readdirSync(join(root, API_FOLDER), { recursive: true }))
  if (name.endsWith('.md') && !pages.has(name)) remove(join(API_FOLDER, name));

/** Makes a file what it should be, or tells that it is not. */
function put(file, text) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (isCheck) return tellStale(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function remove(file) {
  if (isCheck) return tellStale(file);
  rmSync(join(root, file));
}

function tellStale(file) {
  process.stderr.write(`${file} is not as the source is; run \`npm run docs\`\n`);
  process.exitCode = 1;
}

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
