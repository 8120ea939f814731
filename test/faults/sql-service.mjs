// What the services of `sql-matrix.ts` do, see `row.mjs`: one holds connections of its driver in every state, plain and over TLS.
import { subscribe } from 'node:diagnostics_channel';
import { enact } from './row.mjs';
import { config, describe, logger, outcome } from './service.mjs';

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
    sending: { suffer: sendThenWait },
    connecting: { prepare: dropAll, suffer: connectInVain },
  };
  const transports = { plain: {}, tls: { ssl: { rejectUnauthorized: false } } };
  const cells = Object.entries(transports).flatMap(([transport, options]) =>
    Object.entries(states).map(([state, actions]) => makeCell(transport, options, state, actions)),
  );
  const stock = await driver.stock();
  const stockQuery = outcome(stock.query(SLEEP));

  await enact({
    cells,
    stock: {
      isStuck: async () => (await Promise.race([stockQuery, Promise.resolve('stuck')])) === 'stuck',
      close() {
        stock.kill();
        return stockQuery;
      },
    },
    ports: [server.port],
  });

  function makeCell(transport, transportOptions, state, actions) {
    const options = { ...server, ...transportOptions, tcp, logger, connectionLimit: 2 };
    const pool = driver.makePool(options);
    const impatient = driver.makePool({ ...options, acquireTimeoutMillis: impatienceMillis });
    const known = new Set();
    return {
      transport,
      state,
      ...actions,
      pool,
      impatient,
      async open(cell) {
        cell.connections = await Promise.all([driver.connect(pool), driver.connect(pool)]);
        for (const connection of cell.connections) known.add(driver.coreOf(connection));
      },
      held: () => driver.held(pool),
      askPatiently: () => outcome(driver.query(pool, 'SELECT 1')),
      async lentAgain() {
        const connections = await Promise.all([driver.connect(pool), driver.connect(pool)]);
        const isKnown = connections.some((connection) => known.has(driver.coreOf(connection)));
        for (const connection of connections) driver.release(connection);
        return isKnown;
      },
      close: () => Promise.all([driver.end(pool), driver.end(impatient)]),
    };
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
