import assert from 'node:assert/strict';
import { connect } from '@lifeguard/nats';
import { connect as connectV2 } from '@lifeguard/nats/v2';
import { config } from './service.mjs';

const { host, port, user, pass, tcp } = config;
const options = { servers: `${host}:${port}`, user, pass, tcp };
const [current, previous] = [await connect(options), await connectV2(options)];
current.subscribe('question', { max: 1, callback: (_, message) => message.respond('answer') });
await current.flush();
const { data } = await previous.request('question');
assert.equal(new TextDecoder().decode(data), 'answer');
await Promise.all([current.drain(), previous.drain()]);
