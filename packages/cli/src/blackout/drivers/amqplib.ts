import type { ConfirmChannel } from 'amqplib';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';

/** What is used of a connection that recovers. */
interface Connection {
  createConfirmChannel(): Promise<ConfirmChannel>;
  on(event: 'error', listener: () => void): unknown;
}

export const amqplib: Driver = {
  server: 'rabbitmq',
  packages: ['amqplib', '@lifeguard/amqplib'],
  words: SERVER_WORDS,
  terms:
    'Both connections were made with `recovery: true` and otherwise with their defaults. A request is a message that the\n' +
    'server confirms; none of them waits in the server, for AMQP has no such.',
  stock: {
    name: 'amqplib',
    open: async (address) =>
      clientOf((await (await import('amqplib')).connect(urlOf(address), { recovery: true })) as Connection),
  },
  ours: {
    name: '@lifeguard/amqplib',
    open: async (address) =>
      clientOf(await (await import('@lifeguard/amqplib')).connect(urlOf(address), { recovery: true })),
  },
};

function urlOf({ host, port, user, password }: Address): string {
  return `amqp://${user}:${password}@${host}:${port}`;
}

function clientOf(connection: Connection): Client {
  connection.on('error', () => {});
  let channel: Promise<ConfirmChannel> | undefined;
  // One that is lost with its connection does not come back with the next.
  const lose = () => {
    channel = undefined;
  };
  const open = async () => {
    const opened = await connection.createConfirmChannel();
    return opened.on('error', lose).on('close', lose);
  };
  const current = () => {
    channel ??= open();
    channel.catch(lose);
    return channel;
  };
  return { ask: async () => publish(await current()) };
}

/** To an exchange where nobody takes it. */
function publish(channel: ConfirmChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish('amq.direct', 'nobody', Buffer.from('x'), {}, (error) => (error ? reject(error) : resolve()));
  });
}
