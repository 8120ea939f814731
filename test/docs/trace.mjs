// What the kernel shows of connections whose peer has gone silent, second by second. It prints the tables of
// docs/how-a-connection-dies.md, and with `--write` puts them there. It needs the lab, and takes 20 s.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Lab } from '@lifeguard/lab';
import { harden, inspect } from '@lifeguard/tcp';

const PAGE = new URL('../../docs/how-a-connection-dies.md', import.meta.url);
/** Between the whole seconds, at which the kernel's timers fire. */
const FIRST_LOOK_MILLIS = 500;
const SECOND = 1000;
const LOOKS = 14;
/** More than the buffers of both sides hold. */
const TOO_MUCH = Buffer.alloc(32 * 1024 * 1024);

/** What a cell tells of a connection. */
const COLUMNS = {
  probes: ({ info }) => info.probes,
  unacked: ({ info }) => info.unacked,
  retransmits: ({ info }) => info.retransmits,
  'retransmission timeout': ({ info }) => seconds(info.rtoMicros / 1000),
  'window of the peer': ({ info }) => `${info.sendWindowBytes} bytes`,
  'not sent': ({ info }) => `${(info.notSentBytes / 1024 / 1024).toFixed(1)} MiB`,
  verdict: ({ verdict }) => verdict,
};

const roles = { server, client };
const [role, ...args] = process.argv.slice(2);
await (roles[role] ?? printTables)(...args);

/** Answers `question`, acknowledges `hold` and says nothing, and after `stop` reads nothing more. */
async function server() {
  const listener = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (data.includes('question')) socket.write('answer');
      if (data.includes('stop')) socket.pause();
    });
  });
  await once(listener.listen(0, '0.0.0.0'), 'listening');
  process.send(listener.address().port);
}

/** Opens the connections, and when it is told that the cable is cut tells what each looks like, once a second. */
async function client(peers) {
  const { db, slow } = JSON.parse(peers);
  const connections = {
    idle: await open(db, harden),
    waiting: await open(db, harden),
    sending: await open(db, harden),
    'stock, idle': await open(db),
    'stock, sending': await open(db),
    unread: await open(slow, harden),
  };
  const ends = {};
  connections.unread.write('stop');
  connections.waiting.write('hold');
  await sleep(300);
  for (const socket of [connections.idle, connections['stock, idle']]) {
    socket.write('question');
    await once(socket, 'data');
  }
  process.send('ready');
  await once(process, 'message');

  const cutAt = performance.now();
  const millis = () => performance.now() - cutAt;
  for (const [name, socket] of Object.entries(connections))
    socket.on('error', ({ code }) => {
      ends[name] = { code, millis: millis() };
    });
  connections.sending.write('question');
  connections['stock, sending'].write('question');
  connections.unread.write(TOO_MUCH);

  const looks = [];
  for (let second = 0; second < LOOKS; second += 1) {
    await sleep(FIRST_LOOK_MILLIS + second * SECOND - millis());
    const seen = Object.entries(connections).map(([name, socket]) => [name, ends[name] ?? inspect(socket)]);
    looks.push({ millis: millis(), seen: Object.fromEntries(seen) });
  }
  process.send(looks);
  for (const socket of Object.values(connections)) socket.destroy();
  process.disconnect();
}

/** A connection on which there was a question and an answer. */
async function open([host, port], prepare = () => {}) {
  const socket = net.connect({ host, port, noDelay: true });
  prepare(socket);
  await once(socket, 'connect');
  socket.write('question');
  await once(socket, 'data');
  return socket;
}

async function printTables() {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
  const missing = await Lab.available();
  if (missing) {
    process.stderr.write(`no tables: ${missing}\n`);
    process.exit(1);
  }
  const text = tablesOf(await observe());
  process.stdout.write(`${text}\n`);
  if (!values.write) return;
  const page = readFileSync(PAGE, 'utf8');
  const block = /(<!-- made by `node test\/docs\/trace.mjs --write` -->\n)[\s\S]*?(\n<!-- end -->)/;
  writeFileSync(
    PAGE,
    page.replace(block, (_, start, end) => `${start}\n${text}\n${end}`),
  );
}

async function observe() {
  const lab = await Lab.create();
  try {
    return await observeIn(lab);
  } finally {
    await lab.close();
  }
}

async function observeIn(lab) {
  const [app, db, slow] = await Promise.all(['app', 'db', 'slow'].map((name) => lab.host(name)));
  const self = fileURLToPath(import.meta.url);
  const peers = {};
  for (const host of [db, slow]) {
    const [port] = await once((await host.node(self, ['server'])).messages, 'message');
    peers[host.name] = [host.address, port];
  }
  const program = await app.node(self, ['client', JSON.stringify(peers)], { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(program.messages, 'message');
  await lab.cable('app', 'db').cut();
  await program.send('cut');
  const [looks] = await once(program.messages, 'message');
  return looks;
}

function tablesOf(looks) {
  const about = `(Linux ${/^\d+\.\d+/.exec(release())?.[0]}, Node.js ${process.versions.node})`;
  return [
    `### Idle, and waiting for an answer\n\nHardened, with the defaults ${about}:`,
    table(looks, [
      ['idle', ['probes', 'verdict']],
      ['waiting', ['probes', 'verdict']],
    ]),
    '### Sending\n\nThe same, and a socket as Node.js makes it:',
    table(looks, [
      ['sending', ['unacked', 'retransmits', 'retransmission timeout', 'verdict']],
      ['stock, sending', ['unacked', 'retransmits', 'retransmission timeout']],
    ]),
    '### Stock, idle\n\nNothing is sent, and nothing is seen:',
    table(looks, [['stock, idle', ['probes', 'verdict']]], [0, LOOKS - 1]),
    '### A healthy peer that does not read\n\nHardened, with the defaults; its cable was not cut:',
    table(looks, [['unread', ['window of the peer', 'not sent', 'verdict']]]),
  ].join('\n\n');
}

/** One row for each look, without those after everything has ended. */
function table(looks, groups, only) {
  const head = ['after', ...groups.flatMap(([name, columns]) => columns.map((column) => `${name}: ${column}`))];
  const shown = only ? only.map((index) => looks[index]) : untilTheEnd(looks, groups);
  const told = new Set();
  const rows = shown.map(({ millis, seen }) => [
    seconds(millis),
    ...groups.flatMap(([name, columns]) => cells(name, seen[name], columns, told)),
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function untilTheEnd(looks, groups) {
  const last = looks.findIndex(({ seen }) => groups.every(([name]) => seen[name].code));
  return last === -1 ? looks : looks.slice(0, last + 1);
}

/** The end of a connection is told in one row: `told` has those that were. */
function cells(name, seen, columns, told) {
  if (!seen.code) return columns.map((column) => COLUMNS[column](seen));
  const end = told.has(name) ? '' : `**${seen.code}** after ${seconds(seen.millis)}`;
  told.add(name);
  return [end, ...columns.slice(1).map(() => '')];
}

function seconds(millis) {
  return `${(millis / SECOND).toFixed(1)} s`;
}
