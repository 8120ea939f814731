// Publishes that the server confirms, on one channel each.
import { connect } from '@lifeguard/amqplib';
import { startRabbitMq } from '@lifeguard/lab';
import * as amqplib from 'amqplib';

const BODY = Buffer.from('x');

export async function prepare() {
  const server = await startRabbitMq('loopback');
  const connections = [await connect(server.url), await amqplib.connect(server.url)];
  const [own, stock] = await Promise.all(connections.map((connection) => connection.createConfirmChannel()));
  return {
    own: { name: '@lifeguard/amqplib', operate: () => publish(own) },
    stock: { name: 'amqplib', operate: () => publish(stock) },
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.close();
    },
  };
}

/** To an exchange where nobody takes it. */
function publish(channel) {
  return new Promise((resolve, reject) => {
    channel.publish('amq.direct', 'nobody', BODY, {}, (error) => (error ? reject(error) : resolve()));
  });
}
