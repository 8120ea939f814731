import { Client, credentials } from '@grpc/grpc-js';

export async function open({ grpc }) {
  const client = new Client(grpc.address, credentials.createInsecure());
  const same = (bytes) => bytes;
  const ask = (words) =>
    new Promise((resolve, reject) => {
      const settle = (error, answer) => (error ? reject(error) : resolve(answer));
      client.makeUnaryRequest('/echo.Echo/Say', same, same, Buffer.from(words), settle);
    });
  return { call: () => ask('hello'), wait: () => ask('hang') };
}
