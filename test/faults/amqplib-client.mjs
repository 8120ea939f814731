// A service on the host `app`, for the matrix of @lifeguard/amqplib: connections of its own, which recover, and pools of
// channels, in every state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no
// timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createChannelPool } from '@lifeguard/amqplib';
import { connect as connectStock } from 'amqplib';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  heard,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

/** Before amqplib 2 no connection recovers: whoever has one connects again. */
const { host, port, tlsPort, user, password, tcp, impatienceMillis, recovery = true } = config;
const login = { hostname: host, username: user, password, heartbeat: 0 };
const transports = {
  plain: { url: { ...login, protocol: 'amqp', port } },
  tls: { url: { ...login, protocol: 'amqps', port: tlsPort }, socketOptions: { rejectUnauthorized: false } },
};

const connectionStates = {
  idle: { suffer: ({ ended }) => ended },
  calling: { suffer: ({ channel }) => outcome((async () => channel.checkExchange('amq.direct'))()) },
  'awaiting a confirm': { suffer: ({ channel }) => outcome(publish(channel)) },
  consuming: { prepare: consume, suffer: ({ ended }) => ended },
};

const pooledStates = {
  'pooled, idle': { prepare: (cell) => cell.pool.release(cell.channel), suffer: ({ evicted }) => evicted },
  'pooled, awaiting a confirm': { suffer: publishAndRelease },
  'pooled, connecting': { prepare: (cell) => cell.pool.destroy(cell.channel), suffer: connectInVain, by: 'patience' },
};

const cells = await Promise.all(
  Object.entries(transports).flatMap(([transport, server]) => [
    ...Object.entries(connectionStates).map(([state, actions]) => connectionCell(transport, server, state, actions)),
    ...Object.entries(pooledStates).map(([state, actions]) => pooledCell(transport, server, state, actions)),
  ]),
);
const stock = await connectStock(transports.plain.url);
let stockIsStuck = true;
stock
  .on('error', () => {})
  .on('close', () => {
    stockIsStuck = false;
  });

await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map((cell) => cell.askPatiently());
await tell({ outcomes, stockIsStuck });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(patient.map(recover));
// With an error, for without one amqplib 1 keeps the timers of its heartbeat.
stock.connection.stream.destroy(new Error('over'));
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

async function connectionCell(transport, { url, socketOptions }, state, actions) {
  const open = () => connect(url, { ...socketOptions, tcp, ...(recovery && { recovery }) });
  let connection = await open();
  const channel = await connection.createConfirmChannel();
  return {
    transport,
    state,
    ...actions,
    channel,
    ended: heard(connection, recovery ? 'disconnect' : 'close').then(describe),
    async askPatiently() {
      if (!recovery) connection = await insist(open);
      return outcome(connection.createChannel().then((each) => each.checkExchange('amq.direct')));
    },
    close: () => connection.close(),
  };
}

async function insist(open) {
  for (;;) {
    try {
      return await open();
    } catch {
      await delay(50);
    }
  }
}

async function pooledCell(transport, server, state, actions) {
  const options = { ...server, tcp, logger, confirm: true, max: 2 };
  const pool = createChannelPool(options);
  const impatient = createChannelPool({ ...options, acquireTimeoutMillis: impatienceMillis });
  return {
    transport,
    state,
    ...actions,
    pool,
    impatient,
    channel: await pool.acquire(),
    evicted: new Promise((resolve) => {
      pool.once('evict', (_, reason, error) => resolve(error ? describe(error) : { message: reason }));
    }),
    askPatiently: () => outcome(pool.use((channel) => channel.checkExchange('amq.direct'), { timeoutMillis: 60_000 })),
    close: () => Promise.all([pool.close(), impatient.close()]),
  };
}

async function suffer(cell) {
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  const { transport, state, by = 'kernel', pool } = cell;
  return { transport, state, told: [told].flat(), tookMillis, by, held: pool?.size ?? 0 };
}

async function recover(asking) {
  const answer = await asking;
  return { answer, tookMillis: performance.now() - healedAt };
}

function publish(channel) {
  return new Promise((resolve, reject) => {
    const confirmed = (error) => (error ? reject(error) : resolve());
    channel.publish('amq.direct', 'nobody', Buffer.alloc(20_000), {}, confirmed);
  });
}

async function consume({ channel }) {
  const { queue } = await channel.assertQueue('', { autoDelete: true });
  await channel.consume(queue, () => {});
}

async function publishAndRelease({ pool, channel }) {
  const told = await outcome(publish(channel));
  // As if nothing had happened.
  await pool.release(channel);
  return told;
}

function connectInVain({ impatient }) {
  return outcome(impatient.use((channel) => channel.checkExchange('amq.direct')));
}
