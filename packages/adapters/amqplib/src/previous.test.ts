import { rabbitMqUnavailable, startRabbitMq } from '@lifeguard/lab';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connect, createChannelPool } from './index.js';

// @ts-expect-error: it brings no types
vi.mock('amqplib', () => import('amqplib-0.10'));

const missing = rabbitMqUnavailable();
if (missing) console.warn(`left out: amqplib 0.10, because ${missing}`);

test.skipIf(missing !== undefined && process.env['CI'] !== 'true')(
  'amqplib 0.10 is hardened too, and so are its channels looked after',
  async () => {
    const server = await startRabbitMq('loopback');
    onTestFinished(() => server.close());
    const options: unknown[] = [];
    onTestFinished(onClientSocket((socket) => socket.once('connect', () => options.push(inspect(socket)?.options))));
    const tcp = { userTimeoutMillis: 17_000 };
    const connection = await connect(server.url, { tcp });
    expect(connection.connection.serverProperties.product).toBe('RabbitMQ');
    await connection.close();
    const pool = createChannelPool({ url: server.url, confirm: true, tcp });
    const channel = await pool.acquire();
    channel.publish('amq.direct', 'nobody', Buffer.from('x'));
    await pool.release(channel);
    await pool.use((again) => expect(again).toBe(channel));
    await pool.use((again) => again.prefetch(3));
    await pool.use((again) => expect(again).not.toBe(channel));
    await pool.close();
    if (process.platform === 'linux') expect(options).toMatchObject([tcp, tcp]);
  },
);
