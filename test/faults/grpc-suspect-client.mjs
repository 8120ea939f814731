// A service on the host `app` whose connections are silent for so long that the kernel suspects the server, and then are not.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.

import { setTimeout as delay } from 'node:timers/promises';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { createClient } from '@lifeguard/grpc';
import { onClientSocket, verdict } from '@lifeguard/tcp';
import { ECHO } from './grpc-echo.mjs';
import { config, hear, tell } from './service.mjs';

const { host, port, tcp } = config;
const sockets = [];
onClientSocket((socket) => sockets.push(socket));
const Echo = makeGenericClientConstructor(ECHO, 'Echo');
const client = createClient(Echo, `${host}:${port}`, credentials.createInsecure(), { channels: 2, tcp });

// A call that lasts on each connection.
const ended = [];
const streams = [1, 2].map(() => client.repeat('hang').on('error', (error) => ended.push(error.code)));
await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
const known = [...sockets];
await tell('ready');

await hear('fault');
while (!known.every((socket) => verdict(socket) === 'suspect')) await delay(20);
await tell('suspected');

await hear('heal');
// None of them has had a sign of life yet: the kernel asks once a second.
const verdicts = known.map(verdict);
const answer = await new Promise((resolve) => client.say('hello', (error, words) => resolve(error?.code ?? words)));
await tell({ verdicts, answer, opened: sockets.length - known.length, ended, open: known.map((s) => !s.destroyed) });
for (const stream of streams) stream.cancel();
client.close();
process.disconnect();
