// What a program pays for @lifeguard/register: for a connection, for a request, and when it starts.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resultOf, startServer } from './child-process.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REGISTER = fileURLToPath(new URL('../../packages/register/dist/index.js', import.meta.url));
const FLAGS = ['--import', REGISTER];
const LOG = { LIFEGUARD_LOG_LEVEL: 'warn' };

const EFFORT = { all: { rounds: 9, slices: 20 }, quick: { rounds: 2, slices: 2 } };
const MOST_MICROSECONDS = 20;
const MOST_BESIDE_WITHOUT = 1.05;

const WITH = 'with';
const WITHOUT = 'without';

/** What people start, without a network. */
const COMMANDS = {
  'node -e 0': [process.execPath, '-e', '0'],
  'npm --version': ['npm', '--version'],
  'npx --no tsc --version': ['npx', '--no', 'tsc', '--version'],
  'vitest run, one small file': ['npx', '--no', 'vitest', 'run', 'packages/register/src/hosts.test.ts'],
};

/** @typedef {{ with: number[], without: number[] }} Rounds one figure for each round */

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureRegister({ quick, tell }) {
  const { rounds, slices } = quick ? EFFORT.quick : EFFORT.all;
  tell('a connection, a request');
  const { connection, request } = await measureSockets(rounds, slices);
  const starts = [];
  for (const [name, command] of Object.entries(COMMANDS)) {
    tell(name);
    starts.push(rowOf(name, await inTurn(rounds, (isWith) => timeOf(command, isWith))));
  }
  tell('8 worker threads');
  const workers = await inTurn(rounds, (isWith) => resultOf('register-workers.mjs', [], { flags: flagsFor(isWith) }));
  starts.push(rowOf('8 worker threads', workers));
  return {
    tables: [
      {
        name: 'sockets',
        title: 'a program under @lifeguard/register, loopback',
        unit: 'ns',
        ratio: 'beside the same without',
        rows: [rowOf('a connection opened and closed', connection), rowOf('a request on it', request)],
      },
      {
        name: 'start',
        title: 'until it has started, or ended',
        unit: 'ms',
        ratio: 'beside the same without',
        rows: starts,
      },
    ],
    targets: targetsOf(connection, request),
  };
}

/**
 * @param {number} rounds
 * @param {number} slices
 */
async function measureSockets(rounds, slices) {
  const { line: port, stop } = await startServer('register-echo-server.mjs');
  const results = await inTurn(rounds, (isWith) =>
    resultOf('register-child.mjs', [port, String(slices)], { flags: flagsFor(isWith) }),
  );
  await stop();
  /** @param {'connection' | 'request'} what */
  const pick = (what) => ({
    with: results.with.map((result) => result[what]),
    without: results.without.map((result) => result[what]),
  });
  return { connection: pick('connection'), request: pick('request') };
}

/**
 * One after the other, each round begun by the other one: what disturbs one disturbs both.
 *
 * @template T
 * @param {number} rounds
 * @param {(isWith: boolean) => Promise<T>} measure
 */
async function inTurn(rounds, measure) {
  /** @type {{ with: T[], without: T[] }} */
  const results = { with: [], without: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const isWith of round % 2 === 0 ? [true, false] : [false, true]) {
      results[isWith ? WITH : WITHOUT].push(await measure(isWith));
    }
  }
  return results;
}

/** @param {boolean} isWith */
function flagsFor(isWith) {
  return isWith ? FLAGS : [];
}

/**
 * @param {readonly string[]} command
 * @param {boolean} isWith
 * @returns {Promise<number>} milliseconds until it has ended
 */
async function timeOf([file = '', ...args], isWith) {
  const env = { ...process.env, ...LOG, NODE_OPTIONS: flagsFor(isWith).join(' ') };
  const begun = performance.now();
  await run(file, args, { cwd: ROOT, env });
  return performance.now() - begun;
}

/**
 * @param {string} name
 * @param {Rounds} rounds
 */
function rowOf(name, rounds) {
  return {
    name,
    cells: {
      [WITH]: { value: spreadOf(rounds.with).median, ratio: ratioOf(rounds.with, rounds.without) },
      [WITHOUT]: { value: spreadOf(rounds.without).median },
    },
  };
}

/**
 * @param {Rounds} connection
 * @param {Rounds} request
 */
function targetsOf(connection, request) {
  const added = connection.with.map((value, round) => (value - (connection.without[round] ?? Number.NaN)) / 1000);
  const what = '@lifeguard/register';
  return [
    judge({
      what,
      of: 'µs for a connection',
      bound: 'at most',
      limit: MOST_MICROSECONDS,
      measured: spreadOf(added),
    }),
    judge({
      what,
      of: 'time for a request, beside that without',
      bound: 'at most',
      limit: MOST_BESIDE_WITHOUT,
      measured: ratioOf(request.with, request.without),
    }),
  ];
}
