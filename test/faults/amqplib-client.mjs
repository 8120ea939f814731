// A service for the matrix of @lifeguard/amqplib, see `row.mjs`: connections of its own, which recover, and pools of channels, in
// every state, plain and over TLS.
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createChannelPool } from '@lifeguard/amqplib';
import { connect as connectStock } from 'amqplib';
import { enact } from './row.mjs';
import { config, describe, heard, logger, outcome } from './service.mjs';

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

await enact({
  cells,
  stock: {
    isStuck: () => stockIsStuck,
    // With an error, for without one amqplib 1 keeps the timers of its heartbeat.
    close: () => void stock.connection.stream.destroy(new Error('over')),
  },
  ports: [port, tlsPort],
});

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
    held: () => pool.size,
    channel: await pool.acquire(),
    evicted: new Promise((resolve) => {
      pool.once('evict', (_, reason, error) => resolve(error ? describe(error) : { message: reason }));
    }),
    askPatiently: () => outcome(pool.use((channel) => channel.checkExchange('amq.direct'), { timeoutMillis: 60_000 })),
    close: () => Promise.all([pool.close(), impatient.close()]),
  };
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
