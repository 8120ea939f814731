import { Agent, get } from 'node:http';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';

export const http: Driver = {
  server: 'http',
  packages: ['@lifeguard/http'],
  words: SERVER_WORDS,
  terms: 'Both agents were made with `keepAlive: true` and otherwise with their defaults: any number of sockets.',
  stock: {
    name: 'http.Agent',
    open: async (address) => clientOf(address, new Agent({ keepAlive: true })),
  },
  ours: {
    name: '@lifeguard/http',
    open: async (address) => {
      const ours = await import('@lifeguard/http');
      return clientOf(address, new ours.Agent({ keepAlive: true }));
    },
  },
};

function clientOf({ host, port }: Address, agent: Agent): Client {
  const request = (path: string) =>
    new Promise<void>((resolve, reject) => {
      get({ host, port, path, agent }, (response) => {
        response.on('error', reject).on('end', resolve).resume();
      }).on('error', reject);
    });
  return { ask: () => request('/'), wait: (seconds) => request(`/?seconds=${seconds}`) };
}
