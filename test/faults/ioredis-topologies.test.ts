import { type Host, Lab, type NodeProcess, startRedis, startRedisCluster, startSentinels } from '@lifeguard/lab';
import { describe, expect, test } from 'vitest';
import { KERNEL_MILLIS, NOISE_MILLIS, RETURN_MILLIS, TCP } from './limits.js';
import { hear, startProgram } from './programs.js';
import { IOREDIS } from './redis-matrix.js';
import { arePossible } from './test-faults.js';

const possible = await arePossible(IOREDIS);
/** From when the Sentinels count a silent master as down until another is elected and has been promoted. */
const DOWN_AFTER_MILLIS = 1000;
const FAILOVER_MILLIS = 3000;

interface Told {
  readonly told: { readonly message: string } | 'still waiting';
  readonly tookMillis: number;
}

interface Served {
  readonly answer: string;
  readonly servedMillis: number;
  readonly options: readonly unknown[];
  readonly socketsLeft: number;
}

function startService(app: Host, config: object, patienceMillis: number): Promise<NodeProcess> {
  const program = new URL('./ioredis-topology-client.mjs', import.meta.url);
  return startProgram(app, program, { ...config, tcp: TCP, patienceMillis });
}

const placeOf = ({ host, port }: { host: string; port: number }) => ({ host, port });

describe.skipIf(!possible).concurrent('Redis on several hosts', () => {
  test('the master’s host loses power: the call in flight is told, the client goes to the new master', async () => {
    await using lab = await Lab.create();
    const [app, one, two] = [await lab.host('app'), await lab.host('one'), await lab.host('two')];
    const master = await startRedis(one);
    const replica = await startRedis(two, { replicaOf: master });
    const sentinels = await startSentinels([two, two, two], master, { downAfterMillis: DOWN_AFTER_MILLIS });
    const config = {
      topology: 'sentinels',
      sockets: 1,
      nodes: [master, replica].map(placeOf),
      sentinels: sentinels.map(placeOf),
      password: master.password,
    };
    const client = await startService(app, config, KERNEL_MILLIS + NOISE_MILLIS);
    const { options } = await hear<{ options: unknown[] }>(client);
    expect(options).toEqual([TCP]);

    await one.powerOff();
    client.send('fault');
    const { told, tookMillis } = await hear<Told>(client);
    expect(told).toMatchObject({ name: 'MaxRetriesPerRequestError' });
    expect(tookMillis).toBeLessThan(KERNEL_MILLIS + NOISE_MILLIS);

    const served = await hear<Served>(client);
    console.info(
      `Sentinels: told after ${Math.round(tookMillis)} ms, served after ${Math.round(served.servedMillis)} ms`,
    );
    expect(served.answer).toBe('answered');
    expect(served.servedMillis).toBeLessThan(
      Math.max(KERNEL_MILLIS, DOWN_AFTER_MILLIS + FAILOVER_MILLIS) + RETURN_MILLIS + NOISE_MILLIS,
    );
    expect(served.options).toEqual([TCP]);
    expect(served.socketsLeft).toBe(0);
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  });

  test('a cluster out of reach: it is noticed in time; nodes, subscription and the call in flight are back at once', async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const nodes = await startRedisCluster([db, db, db], { password: 'secret' });
    // One for each node, one to subscribe.
    const sockets = nodes.length + 1;
    const config = { topology: 'cluster', sockets, nodes: nodes.map(placeOf), password: 'secret' };
    const client = await startService(app, config, KERNEL_MILLIS + NOISE_MILLIS);
    const { options } = await hear<{ options: unknown[] }>(client);
    expect(options).toEqual(Array(sockets).fill(TCP));

    await lab.cable('app', 'db').cut();
    client.send('fault');
    const { told, tookMillis } = await hear<Told>(client);
    expect(told).toBe('closed');
    expect(tookMillis).toBeLessThan(KERNEL_MILLIS + NOISE_MILLIS);

    await lab.cable('app', 'db').heal();
    client.send('heal');
    const served = await hear<Served>(client);
    console.info(
      `cluster: noticed after ${Math.round(tookMillis)} ms, served ${Math.round(served.servedMillis)} ms after`,
    );
    expect(served.answer).toBe('answered');
    expect(served.servedMillis).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
    for (const each of served.options) expect(each).toEqual(TCP);
    expect(served.socketsLeft).toBe(0);
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  });
});
