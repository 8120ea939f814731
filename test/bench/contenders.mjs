// The pools that are compared. Each has the fastest configuration that its documentation offers and that serves as many
// connections for as long as the comparison takes: no time limit on a wait where one can be left out, no idle timeout.
// Lifeguard has its defaults, but for the idle timeout, and for what opening 10,000 connections takes.
import { EventEmitter } from 'node:events';
import { createPool } from '@lifeguard/pool';
import genericPool from 'generic-pool';
import { Pool as LightningPool } from 'lightning-pool';
import PgPool from 'pg-pool';
import { Pool as TarnPool } from 'tarn';

const A_MINUTE_MILLIS = 60_000;
const A_DAY_MILLIS = 86_400_000;
const AS_MANY_AS_COME = Number.MAX_SAFE_INTEGER;

/**
 * @typedef {object} ConnectionFactory
 * @property {() => Promise<object>} create
 * @property {(connection: any) => Promise<void>} destroy
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(max: number, factory: ConnectionFactory) => any} open makes a pool of at most `max` connections
 * @property {string} acquire an expression: the promise of a connection of `pool`
 * @property {string} release a statement that gives `connection` back to `pool`
 * @property {(pool: any) => unknown} close
 */

/** @type {Contender} */
export const lifeguard = {
  name: '@lifeguard/pool',
  // As the factories of its adapters say of themselves: then no async context is followed, which slows down every promise here.
  open: (max, factory) =>
    createPool(
      { ...factory, opensAtOnce: true },
      { max, maxConnecting: 50, acquireTimeoutMillis: A_MINUTE_MILLIS, idleTimeoutMillis: 0 },
    ),
  acquire: 'pool.acquire()',
  release: 'pool.release(connection)',
  close: (pool) => pool.close(),
};

/** @type {readonly Contender[]} */
export const peers = [
  {
    name: 'generic-pool',
    open: (max, factory) => genericPool.createPool(factory, { max }),
    acquire: 'pool.acquire()',
    release: 'pool.release(connection)',
    close: async (pool) => {
      await pool.drain();
      await pool.clear();
    },
  },
  {
    name: 'tarn',
    open: (max, factory) => new TarnPool({ ...factory, min: 0, max, idleTimeoutMillis: A_DAY_MILLIS }),
    acquire: 'pool.acquire().promise',
    release: 'pool.release(connection)',
    close: (pool) => pool.destroy(),
  },
  {
    name: 'lightning-pool',
    open: (max, factory) =>
      new LightningPool(factory, { max, maxQueue: AS_MANY_AS_COME, idleTimeoutMillis: A_DAY_MILLIS }),
    acquire: 'pool.acquire()',
    release: 'pool.release(connection)',
    close: (pool) => pool.closeAsync(0),
  },
  {
    name: 'pg-pool',
    open: (max, factory) => new PgPool({ max, idleTimeoutMillis: 0, Client: stubClient(factory) }),
    acquire: 'pool.connect()',
    release: 'connection.release()',
    close: (pool) => pool.end(),
  },
];

/** What the loop around a pool costs: the cheapest promise there is, and no pool. @type {Contender} */
export const noPool = {
  name: 'no pool',
  open: () => ({ acquire: () => Promise.resolve(0), release() {} }),
  acquire: 'pool.acquire()',
  release: 'pool.release(connection)',
  close() {},
};

export const everybody = [noPool, lifeguard, ...peers];

/** @param {ConnectionFactory} factory */
function stubClient(factory) {
  /** Has what pg-pool asks of a client. An emitter, like the one of pg: pg-pool moves its listeners on every loan. */
  return class StubClient extends EventEmitter {
    _queryable = true;
    /** @type {object | undefined} */
    #connection;

    /** @param {(error?: unknown) => void} callback */
    connect(callback) {
      factory.create().then((connection) => {
        this.#connection = connection;
        callback();
      }, callback);
    }

    /** @param {() => void} [callback] */
    end(callback) {
      factory.destroy(this.#connection).then(callback);
    }
  };
}
