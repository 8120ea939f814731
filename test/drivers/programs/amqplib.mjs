import { connect } from 'amqplib';

export async function open({ rabbitMq }) {
  const connection = await connect(rabbitMq.url);
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  const { queue } = await channel.assertQueue('', { exclusive: true });
  return { call: () => channel.checkQueue(queue) };
}
