import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Connection } from './connection.js';
import { Peers } from './peers.js';
import type { Watch } from './watch.js';

function connectionTo(remoteAddress: string | undefined): Connection<string> {
  const sockets = new Set([{ remoteAddress, remotePort: 5432 } as Socket]);
  const connection = new Connection({ resource: 'any', watch: { sockets } as unknown as Watch, connectMillis: 0 }, 0);
  return connection;
}

test('what one learns of its peer all its siblings hear, and nobody else', () => {
  const peers = new Peers<string>();
  const [one, sibling, stranger] = ['a', 'a', 'b'].map(connectionTo) as [
    Connection<string>,
    Connection<string>,
    Connection<string>,
  ];
  for (const each of [one, sibling, stranger]) peers.trust(each);
  expect([...peers.doubt(one.peer)]).toEqual([one, sibling]);
  expect([one.doubted, sibling.doubted, stranger.doubted]).toEqual([true, true, false]);
});

test('each regains trust for itself', () => {
  const peers = new Peers<string>();
  const one = connectionTo('a');
  const sibling = connectionTo('a');
  for (const each of [one, sibling]) peers.trust(each);
  peers.doubt(one.peer);
  peers.trust(sibling);
  expect([one.doubted, sibling.doubted]).toEqual([true, false]);
  expect([...peers.doubt(one.peer)]).toEqual([sibling]);
});

test('who has gone is not told of again', () => {
  const peers = new Peers<string>();
  const one = connectionTo('a');
  peers.trust(one);
  peers.forget(one);
  expect([...peers.doubt('a:5432')]).toEqual([]);
  peers.forget(one);
});

test('a connection without a peer has no siblings', () => {
  const peers = new Peers<string>();
  const one = connectionTo(undefined);
  const other = connectionTo(undefined);
  for (const each of [one, other]) peers.trust(each);
  expect([...peers.doubt(one.peer)]).toEqual([]);
  expect(other.doubted).toBe(false);
});
