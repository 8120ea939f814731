import { connect } from '@nats-io/transport-node';

export async function open({ nats }) {
  const connection = await connect(nats);
  return { call: () => connection.flush() };
}
