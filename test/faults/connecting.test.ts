import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Lab } from '@lifeguard/lab';
import { expect, test } from 'vitest';

const USER_TIMEOUT_MILLIS = 2000;
/** The kernel looks when it would send a SYN again: after 1 s and 3 s, or when the user timeout is over. */
const LATEST_MILLIS = 3200;
const NOISE_MILLIS = 1500;

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: connecting into the dark, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible)(
  'who connects into the dark under @lifeguard/register is told when the user timeout is over',
  async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    await lab.cable('app', 'db').cut();
    const register = fileURLToPath(new URL('../../packages/register/dist/index.js', import.meta.url));
    const client = await app.node(
      new URL('./connecting-client.mjs', import.meta.url),
      [JSON.stringify({ host: db.address, port: 4000 })],
      {
        env: {
          NODE_OPTIONS: `--import=${register}`,
          LIFEGUARD_KEEPALIVE_IDLE: '1s',
          LIFEGUARD_KEEPALIVE_COUNT: '2',
          LIFEGUARD_USER_TIMEOUT: `${USER_TIMEOUT_MILLIS}ms`,
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    const [told] = await once(client.messages, 'message');
    expect(told).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect' });
    const { tookMillis } = told as { tookMillis: number };
    expect(tookMillis).toBeGreaterThan(USER_TIMEOUT_MILLIS - 200);
    expect(tookMillis).toBeLessThan(LATEST_MILLIS + NOISE_MILLIS);
    console.log(`connect ETIMEDOUT after ${tookMillis.toFixed(0)} ms, user timeout ${USER_TIMEOUT_MILLIS} ms`);
  },
);
