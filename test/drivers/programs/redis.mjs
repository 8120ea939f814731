import { createClient } from 'redis';

export async function open({ redis: { host, port, password } }) {
  const client = createClient({ socket: { host, port }, password });
  client.on('error', () => {});
  await client.connect();
  return { call: () => client.ping() };
}
