import { expect, test, vi } from 'vitest';
import type { Driver, DriverConnection } from './driver.js';
import { Session } from './session.js';

const AUTOCOMMIT = 0x0002;
const IN_TRANSACTION = 0x0001;
const SESSION_STATE_CHANGED = 0x4000;

function start(database?: string) {
  const sent: string[] = [];
  const connection = { info: { status: AUTOCOMMIT }, isValid: () => true, destroy() {}, on: vi.fn() };
  const note = (word: string) => async () => void sent.push(word);
  const driver: Driver<DriverConnection> = {
    open: async () => connection as unknown as DriverConnection,
    query: async (_, sql) => void sent.push(sql),
    rollback: note('rollback'),
    reset: note('reset'),
    ping: note('ping'),
    end: note('end'),
  };
  const session = new Session(connection as unknown as DriverConnection, driver, database);
  return { session, sent, info: connection.info };
}

test('what the driver notes of each answer is looked at, and still there for the driver', () => {
  const { session, info } = start();
  info.status = SESSION_STATE_CHANGED | IN_TRANSACTION;
  expect(info.status).toBe(SESSION_STATE_CHANGED | IN_TRANSACTION);
  expect([session.isChanged, session.isInTransaction]).toEqual([true, true]);
  info.status = AUTOCOMMIT;
  expect([session.isChanged, session.isInTransaction]).toEqual([true, false]);
});

test('after an error a transaction may be open, whatever the driver notes: the ROLLBACK is really sent', async () => {
  const { session, sent } = start();
  expect(session.isInTransaction).toBe(false);
  session.failed(new Error('duplicate'));
  expect(session.isInTransaction).toBe(true);
  await session.rollback();
  await session.rollback();
  expect(sent).toEqual(['ROLLBACK', 'rollback']);
});

test('a changed session goes back to its database', async () => {
  const { session, sent, info } = start('or`ders');
  info.status = SESSION_STATE_CHANGED;
  await session.restore();
  expect(session.isChanged).toBe(false);
  expect(sent).toEqual(['reset', 'USE `or``ders`', expect.stringContaining('session_track_state_change')]);
});

test('there is no way back to no database', async () => {
  await expect(start().session.restore()).rejects.toThrow('no database');
});

test('another user, or a server that has become read-only, is beyond repair', () => {
  const [one, other] = [start().session, start().session];
  one.changedUser();
  other.failed(Object.assign(new Error('read-only'), { errno: 1290 }));
  expect([one.isBeyondRepair, other.isBeyondRepair]).toEqual([true, true]);
});
