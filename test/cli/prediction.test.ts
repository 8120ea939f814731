import { on, once } from 'node:events';
import { Lab } from '@lifeguard/lab';
import type { TcpOptions } from '@lifeguard/tcp';
import { beforeAll, expect, it } from 'vitest';
import { predict } from '../../packages/cli/src/doctor/predict.js';
import type { Sysctls } from '../../packages/cli/src/doctor/sysctls.js';
import { tcpOptions } from '../../packages/cli/src/doctor/tcp-options.fixture.js';
import { need } from './need.js';

let noLab: string | undefined;
beforeAll(async () => {
  noLab = await Lab.available();
});

interface Measurement {
  readonly setting: number;
  readonly doing: 'idle' | 'waiting' | 'sending';
  readonly code: string;
  readonly millis: number;
}

const SETTINGS = [
  tcpOptions(5, 1, 3, 10), // the defaults
  tcpOptions(2, 1, 3, 4.5), // a user timeout between two looks of the kernel
  tcpOptions(2, 3, 1, 9), // one that ignores the count for longest
  tcpOptions(5, 1, 3, 2), // one below the idle time
  tcpOptions(2, 1, 3, 0), // none: the count counts, and tcp_retries2
];

/** What `sending` waits for where there is no user timeout: (2^(n+1) - 1) x 200 ms, here 3 s. */
const RETRIES = 3;

/**
 * How much later than predicted an end may be seen. No timer of the kernel fires early; and it fires as much as an eighth of
 * its length late, for the timer wheel keeps the longer ones less exactly (kernel/time/timer.c).
 *
 * - Idle or waiting, the kernel looks once an interval: the end is at this look or, if timers were so late that the user
 *   timeout was not over for the one or the other reason, at the next.
 * - Sending, with a user timeout: an eighth of it, and of the two retransmission timeouts before it.
 * - Sending, without: the limit counts from the first retransmission, which comes after two timeouts of 200 ms, and the
 *   kernel looks when a retransmission timer fires. The pause at the limit is 2^(n+1) x 200 ms long.
 */
function tickOf({ keepAliveIntervalMillis, userTimeoutMillis }: TcpOptions, doing: Measurement['doing']): number {
  if (doing !== 'sending') return keepAliveIntervalMillis;
  return userTimeoutMillis > 0 ? (userTimeoutMillis + 400) / 8 : 400 + (2 ** (RETRIES + 1) * 200 * 9) / 8;
}

/** The error has to go from the kernel through the event loop of a process on a busy machine. */
const ON_ITS_WAY_MILLIS = 250;

it('doctor predicts what is measured, for an idle, a waiting and a sending connection with five settings', async (context) => {
  need(context, noLab);
  await using lab = await Lab.create();
  const [app, db] = await Promise.all([lab.host('app'), lab.host('db')]);
  const server = await db.node(new URL('./answering.fixture.mjs', import.meta.url));
  const [{ port }] = (await once(server.messages, 'message')) as [{ port: number }];
  const args = [db.address, String(port), String(RETRIES), JSON.stringify(SETTINGS)];
  const client = await app.node(new URL('./silence.fixture.mjs', import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const messages = on(client.messages, 'message', { signal: AbortSignal.timeout(60_000) });
  const [{ ready: sysctls }] = (await messages.next()).value as [{ ready: Sysctls }];
  await lab.cable('app', 'db').cut();
  await client.send('cut');

  const rows: Record<string, unknown>[] = [];
  const outside: unknown[] = [];
  while (rows.length < 3 * SETTINGS.length) {
    const [measurement] = (await messages.next()).value as [Measurement];
    const { setting: index, doing, code, millis } = measurement;
    const options = SETTINGS[index] as TcpOptions;
    const predicted = predict(options, sysctls)[`${doing}Millis`] ?? Number.POSITIVE_INFINITY;
    const tick = tickOf(options, doing);
    const row = { setting: index, doing, code, predicted, measured: Math.round(millis), tick };
    rows.push(row);
    if (millis < predicted - 10 || millis > predicted + tick + ON_ITS_WAY_MILLIS) outside.push(row);
  }
  console.table(rows);
  expect(outside).toEqual([]);
});
