// What borrowing a connection costs, in one process and run: Lifeguard beside the pools that it stands in for, and the
// kernel's verdict on a connection beside a round trip to the server. The figures that mean something are the ratios.
import { startPostgres } from '@lifeguard/lab';
import { createPool } from '@lifeguard/pool';
import { verdict } from '@lifeguard/tcp';
import genericPool from 'generic-pool';
import { bench, do_not_optimize, run, summary } from 'mitata';
import pg from 'pg';
import PgPool from 'pg-pool';

const BORROWERS = [1, 10];

let made = 0;
const factory = { create: async () => ({ id: ++made }), destroy: async () => {} };

/** A client that has all that pg-pool asks of one, and does nothing. */
class StubClient {
  _queryable = true;
  connect(callback) {
    callback();
  }
  end(callback) {
    callback?.();
  }
  on() {}
  once() {}
  removeListener() {}
}

const generic = genericPool.createPool(factory, { max: 10 });
const ours = createPool(factory, { max: 10 });
const stub = new PgPool({ max: 10, Client: StubClient });

const borrow = {
  'generic-pool': async () => generic.release(await generic.acquire()),
  'pg-pool (stub client)': async () => (await stub.connect()).release(),
  '@lifeguard/pool': async () => ours.release(await ours.acquire()),
};

for (const borrowers of BORROWERS) {
  summary(() => {
    for (const [name, once] of Object.entries(borrow)) {
      bench(`acquire + release, ${borrowers} of 10: ${name}`, () =>
        Promise.all(Array.from({ length: borrowers }, once)),
      );
    }
  });
}

const server = await startPostgres('loopback').catch((error) => {
  console.log(`left out: the verdict beside SELECT 1, because ${error.message}`);
});
const client = server && new pg.Client({ connectionString: server.connectionString });
if (client) {
  await client.connect();
  const { stream } = client.connection;
  summary(() => {
    bench('is this connection alive? SELECT 1', () => client.query('SELECT 1'));
    bench('is this connection alive? verdict', () => do_not_optimize(verdict(stream)));
  });
}

const json = process.argv.includes('--json');
const results = await run({ format: json ? 'quiet' : 'mitata' });
if (json) {
  const runs = results.benchmarks.flatMap(({ runs: all }) => all);
  console.log(JSON.stringify(runs.map(({ name, stats }) => ({ name, nanosecondsAverage: stats.avg }))));
}

await client?.end();
await server?.close();
await Promise.all([ours.close(), stub.end(), generic.drain()]);
await generic.clear();
