import type { Client as GrpcClient, ServiceError } from '@grpc/grpc-js';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';

/** The unary method that the server on the stage has: it is told for how many milliseconds to wait. */
export const METHOD = '/lifeguard.Blackout/Wait';

export const grpc: Driver = {
  server: 'grpc',
  packages: ['@grpc/grpc-js', '@lifeguard/grpc'],
  words: SERVER_WORDS,
  terms: 'Both clients were made with their defaults, and called without a deadline.',
  stock: {
    name: 'grpc-js',
    open: async (address) => {
      const { Client: GenericClient, credentials } = await import('@grpc/grpc-js');
      return clientOf(new GenericClient(targetOf(address), credentials.createInsecure()));
    },
  },
  ours: {
    name: '@lifeguard/grpc',
    open: async (address) => {
      const { Client: GenericClient, credentials } = await import('@grpc/grpc-js');
      const { createClient } = await import('@lifeguard/grpc');
      return clientOf(createClient(GenericClient, targetOf(address), credentials.createInsecure()));
    },
  },
};

function targetOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

async function clientOf(client: GrpcClient): Promise<Client> {
  const { status } = await import('@grpc/grpc-js');
  const same = (bytes: Buffer) => bytes;
  const call = (millis: number) =>
    new Promise<void>((resolve, reject) => {
      const settle = (error: ServiceError | null) => {
        // Its code is a number, which says nothing in a report.
        if (error) reject(Object.assign(new Error(error.details), { code: status[error.code] }));
        else resolve();
      };
      client.makeUnaryRequest(METHOD, same, same, Buffer.from(String(millis)), settle);
    });
  return { ask: () => call(0), wait: (seconds) => call(seconds * 1000) };
}
