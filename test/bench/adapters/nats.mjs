// Requests, answered by a third connection.
import { startNats } from '@lifeguard/lab';
import { connect } from '@lifeguard/nats';
import * as nats from '@nats-io/transport-node';

export async function prepare() {
  const server = await startNats('loopback');
  const options = { servers: `${server.host}:${server.port}`, ...server.login };
  const [own, stock, answering] = [
    await connect(options),
    await nats.connect({ ...options }),
    await nats.connect({ ...options }),
  ];
  answering.subscribe('question', { callback: (_, message) => message.respond('answer') });
  await answering.flush();
  return {
    own: { name: '@lifeguard/nats', operate: () => own.request('question') },
    stock: { name: '@nats-io/transport-node', operate: () => stock.request('question') },
    close: async () => {
      await Promise.all([own, stock, answering].map((connection) => connection.close()));
      await server.close();
    },
  };
}
