// A service on the host `app` that goes on asking a Redis out of reach, by every kind of client, and notes how long each call
// waits. Meanwhile others block on a Redis that is well.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { setTimeout as delay } from 'node:timers/promises';
import * as io from '@lifeguard/ioredis';
import * as node from '@lifeguard/redis';
import { config, hear, outcome, tell } from './service.mjs';

const { lost, lostNodes, sentinels, well, password, tcp, acquireTimeout } = config;
process.env['LIFEGUARD_ACQUIRE_TIMEOUT'] = acquireTimeout;
const clients = {
  ioredis: io.createClient({ ...lost, password, tcp }),
  'ioredis, cluster': io.createCluster(lostNodes, { redisOptions: { password, connectTimeout: undefined }, tcp }),
  'ioredis, Sentinels': io.createClient({ sentinels, name: 'mymaster', password, tcp }),
  redis: node.createClient({ socket: lost, password, tcp }),
  'redis, cluster': node.createCluster({
    rootNodes: lostNodes.map((socket) => ({ socket })),
    defaults: { password },
    tcp,
  }),
  'redis, Sentinels': node.createSentinel({
    ...{ name: 'mymaster', sentinelRootNodes: sentinels, nodeClientOptions: { password }, tcp },
  }),
};
const blocking = [io.createClient({ ...well, password, tcp }), node.createClient({ socket: well, password, tcp })];
for (const client of [...Object.values(clients), ...blocking]) client.on('error', () => {});
for (const client of [blocking[1], ...Object.values(clients)]) if (client.isOpen === false) await client.connect();
await Promise.all(Object.values(clients).map((client) => client.get('key')));

const blocked = [outcome(blocking[0].blpop('list', 0)), outcome(blocking[1].blPop('list', 0))];
await tell('ready');
await hear('fault');
let isHealed = false;
const healed = hear('heal').then(() => {
  isHealed = true;
});
const reports = await Promise.all(Object.entries(clients).map(goOnAsking));
const pusher = io.createClient({ ...well, password });
await pusher.rpush('list', 'one', 'two');
await tell({ reports, blocked: await Promise.all(blocked) });
process.disconnect();
process.exit();

/** What became of the calls of one client, until one of those that began after the healing is answered. */
async function goOnAsking([name, client]) {
  const calls = [];
  while (!isHealed) {
    calls.push(waitOf(client));
    await Promise.race([delay(50), healed]);
  }
  const healedAt = performance.now();
  while ((await outcome(client.get('key'))) !== 'answered') await delay(20);
  const servedMillis = performance.now() - healedAt;
  const ends = await Promise.all(calls);
  const failed = ends.filter(({ told }) => told !== 'answered');
  const codes = [...new Set(failed.map(({ told }) => told.code ?? told.message))];
  return {
    name,
    longestMillis: Math.max(...ends.map(({ millis }) => millis)),
    failed: failed.length,
    codes,
    servedMillis,
  };
}

async function waitOf(client) {
  const start = performance.now();
  const told = await outcome(client.get('key'));
  return { told, millis: performance.now() - start };
}
