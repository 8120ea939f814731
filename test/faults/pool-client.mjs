// A program on the host `app` that holds a pool on PostgreSQL, at a test's command. It is a process of its own, so that it has
// a network of its own. For each message { id, operation, args } it answers { id, result }.
import { pgFactory } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';

const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

let pool;
/** Whatever befell a connection, in the order of events. */
const log = [];

const operations = {
  /** Makes a pool, and has it open all its connections. */
  async open(server, options) {
    pool = createPool(pgFactory(server), { ...options, logger });
    pool.on('suspect', () => log.push('suspect'));
    pool.on('recover', () => log.push('recover'));
    pool.on('evict', (_, reason) => log.push(`evicted (${reason})`));
    const all = await Promise.all(Array.from({ length: pool.max }, () => pool.acquire()));
    await Promise.all(all.map((client) => pool.release(client)));
  },

  /** What `value` is in the answer to a query, or with what code it failed; and how long that took. */
  async ask(text, values) {
    const start = performance.now();
    const told = await pool
      .use((client) => client.query(text, values))
      .then(
        ({ rows }) => ({ value: rows[0].value }),
        ({ code, message }) => ({ error: code ?? message }),
      );
    return { ...told, tookMillis: performance.now() - start };
  },

  /** The length of so much text, as `ask` tells it. */
  askLength(length) {
    return operations.ask('SELECT length($1) AS value', ['x'.repeat(length)]);
  },

  look() {
    const { size, available, borrowed, pending } = pool;
    return { log, size, available, borrowed, pending };
  },

  close() {
    return pool.close();
  },
};

process.on('message', async ({ id, operation, args }) => {
  try {
    process.send({ id, result: await operations[operation](...args) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
