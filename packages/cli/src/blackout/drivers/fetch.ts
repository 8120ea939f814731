import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';

export const fetch: Driver = {
  server: 'http',
  packages: ['undici', '@lifeguard/http'],
  words: SERVER_WORDS,
  terms: 'Stock is the fetch of Node.js as it comes; ours is the same with `createDispatcher()`.',
  stock: {
    name: 'fetch',
    open: async (address) => clientOf(address, {}),
  },
  ours: {
    name: '@lifeguard/http',
    open: async (address) => {
      const { createDispatcher } = await import('@lifeguard/http');
      // The types of Node's fetch are those of an older undici.
      return clientOf(address, { dispatcher: createDispatcher() } as unknown as RequestInit);
    },
  },
};

function clientOf({ host, port }: Address, init: RequestInit): Client {
  const request = async (path: string) => {
    const response = await globalThis.fetch(`http://${host}:${port}${path}`, init);
    await response.text();
  };
  return { ask: () => request('/'), wait: (seconds) => request(`/?seconds=${seconds}`) };
}
