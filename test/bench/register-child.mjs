// What a connection costs, and a request on one, in a process that may be under @lifeguard/register: that is for its flags
// to say. Arguments: the port of an echo server, and how many slices to measure.
import { once } from 'node:events';
import { connect } from 'node:net';
import { endWithParent } from './child-process.mjs';
import { measureInRounds } from './rounds.mjs';

const CONNECTIONS = 20;
const REQUESTS = 100;
const SLICE_MILLIS = 20;
const WORD = Buffer.from('one word\n');

endWithParent();
const [port, slices] = process.argv.slice(2).map(Number);
const standing = await open();
const contestants = new Map([
  ['connection', { run: openAndClose, operations: CONNECTIONS }],
  ['request', { run: ask, operations: REQUESTS }],
]);
const results = await measureInRounds(contestants, { rounds: slices ?? 1, sliceMillis: SLICE_MILLIS });
// The fastest round's: what the machine does beside us only ever adds.
const fastest = (/** @type {string} */ name) => Math.min(...(results.get(name) ?? []));
const result = { connection: fastest('connection'), request: fastest('request') };
process.stdout.write(JSON.stringify(result), () => process.exit());

async function open() {
  const socket = connect({ port: port ?? 0, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

async function openAndClose() {
  for (let turn = 0; turn < CONNECTIONS; turn += 1) (await open()).destroy();
}

async function ask() {
  for (let turn = 0; turn < REQUESTS; turn += 1) {
    standing.write(WORD);
    await once(standing, 'data');
  }
}
