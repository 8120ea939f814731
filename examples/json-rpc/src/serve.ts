import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createRpcServer } from './server.js';

const server = createRpcServer({
  add: (one: number, other: number) => one + other,
  echo: (value: unknown) => value,
  sleep: (millis: number) => delay(millis, 'slept'),
});
server.listen(Number(process.env['PORT'] ?? 4000), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on port ${(server.address() as AddressInfo).port}`);
