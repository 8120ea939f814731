import type { Verdict } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { Connection } from './connection.js';
import { Quarantine } from './quarantine.js';
import type { Watch } from './watch.js';

function deferred<V>() {
  let resolve: (value: V) => void = () => {};
  const promise = new Promise<V>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** What the peer's kernel answers is made up here; in `test/faults` a real one does, or doesn't. */
function quarantine(...answers: Promise<Verdict>[]) {
  const told: string[] = [];
  const settled = deferred<Verdict>();
  const held = new Quarantine<string>({
    silent: () => void told.push('silent'),
    settled: (_, verdict) => {
      told.push(verdict);
      settled.resolve(verdict);
    },
  });
  const watch = { sockets: new Set(), probe: () => answers.shift() } as unknown as Watch;
  const connection = new Connection({ resource: 'any', watch, connectMillis: 0 }, 0);
  return { held, connection, told, settled: settled.promise, left: answers };
}

const says = (verdict: Verdict) => Promise.resolve(verdict);

test('one that answers leaves at once', async () => {
  const { held, connection, settled, told, left } = quarantine(says('alive'), says('suspect'));
  held.hold(connection);
  await settled;
  expect(told).toEqual(['alive']);
  expect(left).toHaveLength(1);
});

test('one whose packets were lost by chance is asked again, and recovers', async () => {
  const { held, connection, settled, told } = quarantine(says('suspect'), says('alive'));
  held.hold(connection);
  await settled;
  expect(told).toEqual(['silent', 'alive']);
});

test('one that answers neither time is given up', async () => {
  const { held, connection, settled, told } = quarantine(says('suspect'), says('suspect'), says('alive'));
  held.hold(connection);
  await settled;
  expect(told).toEqual(['silent', 'suspect']);
});

test('of one that has gone meanwhile nobody hears, however late the answer', async () => {
  const answer = deferred<Verdict>();
  const { held, connection, told } = quarantine(answer.promise, says('alive'));
  held.hold(connection);
  held.remove(connection);
  answer.resolve('suspect');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(told).toEqual([]);
});

test('of a dead one the socket may tell first why it has ended', async () => {
  const { held, connection, told } = quarantine(says('dead'));
  held.hold(connection);
  await Promise.resolve().then(() => {});
  expect(told).toEqual([]);
  held.remove(connection);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(told).toEqual([]);
});
