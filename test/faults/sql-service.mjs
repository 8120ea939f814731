// What the services of `sql-matrix.ts` do: one holds connections of its driver in every state, plain and over TLS, and
// tells what became of each. It is a process of its own, so that it has a network of its own, and so that it shows by
// ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { subscribe } from 'node:diagnostics_channel';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const SLEEP = 'SELECT SLEEP(300)';
const { server, tcp, impatienceMillis } = config;

/**
 * @param driver `makePool(options)`; `connect(pool)`, `release(connection)`, `destroy(connection)`, `coreOf(connection)`: the
 * object that the pool keeps; `query(pool or connection, sql, values)`; `held(pool)`; `end(pool)`; `stock()`: a connection of
 * the plain driver, as `{ query(sql), kill() }`
 */
export async function serve(driver) {
  const evicted = new Map();
  subscribe('lifeguard:pool:evict', ({ connection, reason, error }) => evicted.get(connection)?.({ reason, error }));

  const states = {
    idle: { prepare: returnAll, suffer: (cell) => cell.evictions },
    waiting: { prepare: waitForAnswer, suffer: untilAnswered },
    sending: { prepare: () => {}, suffer: sendThenWait },
    connecting: { prepare: dropAll, suffer: connectInVain },
  };
  const transports = { plain: {}, tls: { ssl: { rejectUnauthorized: false } } };
  const cells = Object.entries(transports).flatMap(([transport, options]) =>
    Object.entries(states).map(([state, steps]) => {
      const common = { ...server, ...options, tcp, logger, connectionLimit: 2 };
      const pool = driver.makePool(common);
      const impatient = driver.makePool({ ...common, acquireTimeoutMillis: impatienceMillis });
      return { transport, state, ...steps, pool, impatient, known: new Set() };
    }),
  );

  const stock = await driver.stock();
  const stockQuery = outcome(stock.query(SLEEP));
  await Promise.all(cells.map(prepare));
  await allAcknowledged();
  await tell({ options: hardenedOptions() });

  await hear('fault');
  const outcomes = await Promise.all(cells.map(suffer));
  const patient = cells.map(({ pool }) => outcome(driver.query(pool, 'SELECT 1')));
  const stockIsStuck = (await Promise.race([stockQuery, Promise.resolve('stuck')])) === 'stuck';
  await tell({ outcomes, stockIsStuck });

  await hear('heal');
  const healedAt = performance.now();
  const recoveries = await Promise.all(cells.map(recover));

  stock.kill();
  await stockQuery;
  await Promise.all(cells.flatMap(({ pool, impatient }) => [driver.end(pool), driver.end(impatient)]));
  await tell({ recoveries, socketsLeft: await socketsLeft([server.port]) });
  process.disconnect();

  /** Opens both connections of a pool and brings them to the state in which the fault is to meet them. */
  async function prepare(cell) {
    cell.connections = await Promise.all([driver.connect(cell.pool), driver.connect(cell.pool)]);
    for (const connection of cell.connections) cell.known.add(driver.coreOf(connection));
    await cell.prepare(cell);
  }

  async function suffer(cell) {
    const { transport, state, pool } = cell;
    const { told, tookMillis } = await timed(() => cell.suffer(cell));
    return { transport, state, told, tookMillis, held: driver.held(pool) };
  }

  async function recover({ transport, state, pool, known }, index) {
    const answer = await patient[index];
    const tookMillis = performance.now() - healedAt;
    const connections = await Promise.all([driver.connect(pool), driver.connect(pool)]);
    const lentAgain = connections.some((connection) => known.has(driver.coreOf(connection)));
    for (const connection of connections) driver.release(connection);
    return { transport, state, answer, tookMillis, lentAgain };
  }

  function returnAll(cell) {
    cell.evictions = Promise.all(cell.connections.map((connection) => eviction(driver.coreOf(connection))));
    for (const connection of cell.connections) driver.release(connection);
  }

  async function eviction(core) {
    const { reason, error } = await new Promise((resolve) => evicted.set(core, resolve));
    return error ? describe(error) : { message: reason };
  }

  function dropAll({ connections }) {
    for (const connection of connections) driver.destroy(connection);
  }

  function waitForAnswer(cell) {
    cell.answers = cell.connections.map((connection) => outcome(driver.query(connection, SLEEP)));
  }

  async function untilAnswered({ connections, answers }) {
    const told = await Promise.all(answers);
    // As if nothing had happened.
    for (const connection of connections) driver.release(connection);
    // What is broken is closed in the same turn or the next.
    await new Promise(setImmediate);
    return told;
  }

  function sendThenWait(cell) {
    const values = ['x'.repeat(20_000)];
    cell.answers = cell.connections.map((connection) => outcome(driver.query(connection, 'SELECT LENGTH(?)', values)));
    return untilAnswered(cell);
  }

  function connectInVain({ impatient }) {
    return Promise.all([outcome(driver.query(impatient, 'SELECT 1')), outcome(driver.query(impatient, 'SELECT 1'))]);
  }
}
