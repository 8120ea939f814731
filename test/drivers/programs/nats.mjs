import { connect } from 'nats';

export async function open({ nats }) {
  const connection = await connect(nats);
  return { call: () => connection.flush() };
}
