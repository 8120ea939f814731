// A service on the host `app`, whose Redis is watched over by Sentinels, or is a cluster. It tells what became of a call that
// was in flight when the fault came, and when it was served again. From its parent it hears 'fault' right after the fault,
// and, where there is something to heal, 'heal' right after the healing.
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, createCluster } from '@lifeguard/ioredis';
import {
  allAcknowledged,
  config,
  hardenedOptions,
  hear,
  heard,
  outcome,
  socketsLeft,
  tell,
  timed,
  untilOpen,
} from './service.mjs';

const { topology, nodes, sentinels, password, sockets, tcp } = config;
const makers = {
  sentinels: () => createClient({ sentinels, name: 'mymaster', password, tcp, maxRetriesPerRequest: 0 }),
  cluster: () => createCluster(nodes, { redisOptions: { password, connectTimeout: undefined }, tcp }),
};

const client = makers[topology]();
client.on('error', () => {});
await client.set('key', 'value');
const messages = [];
if (topology === 'cluster') {
  client.on('message', (_, message) => messages.push(message));
  await client.subscribe('channel');
  await Promise.all(['a', 'b', 'c'].map((key) => client.set(key, 'value')));
}
const call = outcome(client.blpop('list', 0));
await allAcknowledged();
await untilOpen(sockets);
await tell({ options: hardenedOptions() });

await hear('fault');
const faultAt = performance.now();
// A cluster of which no node is left keeps its calls until it is back.
const { told, tookMillis } = await timed(() => (topology === 'cluster' ? heard(client, 'close') : call));
await tell({ told: told ?? 'closed', tookMillis });

if (topology === 'cluster') await hear('heal');
const since = topology === 'cluster' ? performance.now() : faultAt;
const answer = await untilServed();
const servedMillis = performance.now() - since;
if (topology === 'cluster') await everythingBack();
else await untilOpen(sockets);
const options = hardenedOptions();
const ended = heard(client, 'end');
client.disconnect();
await ended;
await tell({ answer, servedMillis, options, socketsLeft: await socketsLeft(nodes.map(({ port }) => port)) });
process.disconnect();

async function untilServed() {
  for (;;) {
    const answer = await outcome(client.set('key', 'value'));
    if (answer === 'answered') return answer;
    await delay(20);
  }
}

/** The subscription is there again, on whichever node, and the call, which blocks its node's connection. */
async function everythingBack() {
  const other = makers.cluster();
  while (messages.length === 0) {
    await other.publish('channel', 'hello');
    await delay(20);
  }
  // The first goes to the connection that only the server still believes in.
  await other.rpush('list', 'for the dead', 'for the living');
  if ((await call) !== 'answered') throw new Error('the call was not retried');
  other.disconnect();
}
