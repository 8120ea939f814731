import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Command, DriverConnection, Packet } from './driver.js';
import { Session } from './session.js';

/** The protocol's numbers. */
const AUTOCOMMIT = 0x0002;
const IN_TRANSACTION = 0x0001;
const SESSION_STATE_CHANGED = 0x4000;

const header = () => {};
const query = (): Command => ({ next: header, resultsetHeader: header });

function packet(...body: number[]): Packet {
  // Not at the buffer's start, as it comes from a socket.
  const buffer = Buffer.from([9, 9, 9, body.length, 0, 0, 1, ...body, 9, 9]);
  return { buffer, start: 3, end: 7 + body.length };
}

const le16 = (value: number) => [value & 0xff, value >> 8];
const ok = (status: number, affected = [0]) => packet(0, ...affected, 0, ...le16(status), 0, 0);
const eof = (status: number) => packet(0xfe, 0, 0, ...le16(status));
const err = (errno: number) => packet(0xff, ...le16(errno));

function connectionOf(state: Partial<DriverConnection>): DriverConnection {
  return Object.assign(new EventEmitter(), {
    _command: undefined,
    _commands: [],
    _paused: false,
    config: { charsetNumber: 45 },
    handlePacket() {},
    changeUser() {},
    reset() {},
    ...state,
  }) as unknown as DriverConnection;
}

/** A connection that is given these packets in answer to one command after another. */
function sessionAfter(...answers: [Command, ...Packet[]][]): Session {
  const connection = connectionOf({});
  const session = new Session(connection);
  for (const [command, ...packets] of answers) {
    Object.assign(connection, { _command: command });
    for (const each of packets) connection.handlePacket(each);
  }
  return session;
}

test('a new session is clean', () => {
  const session = sessionAfter([query(), ok(AUTOCOMMIT)]);
  expect([session.isInTransaction, session.isChanged, session.isBeyondRepair]).toEqual([false, false, false]);
});

test('a transaction is seen in an OK packet and in an EOF packet, and so is its end', () => {
  expect(sessionAfter([query(), ok(IN_TRANSACTION)]).isInTransaction).toBe(true);
  expect(sessionAfter([query(), eof(IN_TRANSACTION)]).isInTransaction).toBe(true);
  expect(sessionAfter([query(), ok(IN_TRANSACTION)], [query(), ok(AUTOCOMMIT)]).isInTransaction).toBe(false);
});

test('a status is found behind numbers of every length', () => {
  for (const number of [[250], [0xfc, 1, 1], [0xfd, 1, 1, 1], [0xfe, 1, 1, 1, 1, 1, 1, 1, 1]]) {
    expect(sessionAfter([query(), ok(IN_TRANSACTION, number)]).isInTransaction, String(number)).toBe(true);
  }
});

test('a change stays known after statements that change nothing', () => {
  const session = sessionAfter([query(), ok(SESSION_STATE_CHANGED)], [query(), ok(AUTOCOMMIT)]);
  expect(session.isChanged).toBe(true);
  expect(session.isInTransaction).toBe(false);
});

test('each answer of several statements counts', () => {
  expect(sessionAfter([query(), ok(SESSION_STATE_CHANGED), eof(AUTOCOMMIT)]).isChanged).toBe(true);
});

test('after an error it is not known whether a transaction is open, until the next answer', () => {
  expect(sessionAfter([query(), err(1062)]).isInTransaction).toBe(true);
  expect(sessionAfter([query(), err(1062)], [query(), ok(AUTOCOMMIT)]).isInTransaction).toBe(false);
});

test('rows are not mistaken for the end of an answer', () => {
  // An empty string, and a row of a prepared statement, begin like an OK packet; a long string like an EOF packet.
  const reading = { next: () => {}, resultsetHeader: header };
  const rows = [packet(0, 1, 1, 1, 1, 1), packet(0xfe, 1, 1, 1, 1, 1, 1, 1, 1, 1)];
  const session = sessionAfter([reading, ...rows]);
  expect([session.isInTransaction, session.isChanged]).toEqual([false, false]);
});

test('what a paused connection keeps for later counts when it is read', () => {
  const connection = connectionOf({ _command: query(), _paused: true });
  const session = new Session(connection);
  connection.handlePacket(ok(IN_TRANSACTION));
  expect(session.isInTransaction).toBe(false);
  Object.assign(connection, { _paused: false });
  connection.handlePacket(ok(IN_TRANSACTION));
  expect(session.isInTransaction).toBe(true);
});

test('the answer to a prepare is not mistaken for an OK packet', () => {
  expect(sessionAfter([{ next: header }, packet(0, 1, 0, 1, 0xff, 0xff, 0, 0)]).isChanged).toBe(false);
});

test('a server that has become read-only is beyond repair', () => {
  expect(sessionAfter([query(), err(1290)]).isBeyondRepair).toBe(true);
  expect(sessionAfter([query(), err(1836)]).isBeyondRepair).toBe(true);
});
