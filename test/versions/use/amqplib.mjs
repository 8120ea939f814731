import assert from 'node:assert/strict';
import { connect, createChannelPool } from '@lifeguard/amqplib';
import { connect as connectWithCallback } from '@lifeguard/amqplib/callback_api';
import { config, logger } from './service.mjs';

const { host: hostname, port, user: username, password, tcp } = config;
const url = { hostname, port, username, password };
const connection = await connect(url, { tcp });
const channel = await connection.createChannel();
const { queue } = await channel.assertQueue('', { exclusive: false });
const received = new Promise((resolve) => channel.consume(queue, resolve));

const pool = createChannelPool({ url, tcp, logger, confirm: true, max: 1 });
await pool.use(async (confirming) => {
  confirming.sendToQueue(queue, Buffer.from('word'));
  await confirming.waitForConfirms();
});
const message = await received;
assert.equal(message.content.toString(), 'word');
channel.ack(message);
await channel.deleteQueue(queue);
// The server closes the channel, and the pool opens another.
await assert.rejects(
  pool.use((confirming) => confirming.checkQueue(queue)),
  { code: 404 },
);
await pool.use((confirming) => confirming.checkExchange('amq.direct'));
await pool.close();
await connection.close();

await new Promise((resolve, reject) => {
  connectWithCallback(url, { tcp }, (error, other) => {
    if (error) reject(error);
    else other.createChannel((_, each) => each.checkExchange('amq.direct', () => other.close(resolve)));
  });
});
