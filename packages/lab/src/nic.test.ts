import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { noLab } from './capability.fixture.js';
import { Endpoint } from './endpoint.fixture.js';
import type { Host } from './host.js';
import { Lab } from './lab.js';

const ECHO = 7;
const QUIET_MILLIS = 300;

describe.skipIf(noLab())('a NIC', () => {
  let lab: Lab;
  let db: Host;
  let app: Host;
  let client: Endpoint;
  let client6: Endpoint;

  beforeAll(async () => {
    lab = await Lab.create();
    [db, app] = await Promise.all([lab.host('db'), lab.host('app')]);
    const endpoints = await Promise.all([Endpoint.on(db), Endpoint.on(app), Endpoint.on(app)]);
    client = endpoints[1];
    client6 = endpoints[2];
    await endpoints[0].listen(ECHO);
  });

  afterEach(async () => {
    await Promise.all([db.nic.up(), app.nic.up()]);
    await Promise.all([client.hangUp(), client6.hangUp()]);
  });

  afterAll(async () => {
    await lab.close();
  });

  async function links(host: Host): Promise<string> {
    const process = await host.spawn('ls', ['/proc/sys/net/ipv4/conf']);
    return text(process.stdout);
  }

  async function echoed(endpoint: Endpoint, words: string): Promise<void> {
    await vi.waitFor(async () => expect((await endpoint.seen()).received).toBe(words), { timeout: 10_000 });
  }

  const ways = [
    { way: 'disabled', breakIt: (host: Host) => host.nic.down() },
    { way: 'removed', breakIt: (host: Host) => host.nic.remove() },
  ];

  describe.each(ways)('that is $way', ({ breakIt }) => {
    it('at the far end gives no answer and no error, and back up delivers what was sent', async () => {
      await Promise.all([client.connect(db.address, ECHO), client6.connect(db.address6, ECHO)]);
      await breakIt(db);
      for (const endpoint of [client, client6]) await endpoint.send('hello');
      await delay(QUIET_MILLIS);
      for (const endpoint of [client, client6]) {
        expect(await endpoint.seen()).toEqual({ received: '', ended: false, error: undefined });
      }
      await db.nic.up();
      await Promise.all([client, client6].map((endpoint) => echoed(endpoint, 'hello')));
    });

    it('at the near end gives an existing connection no error, and a new one ENETUNREACH', async () => {
      await client.connect(db.address, ECHO);
      await breakIt(app);
      await client.send('hello');
      await delay(QUIET_MILLIS);
      expect(await client.seen()).toEqual({ received: '', ended: false, error: undefined });
      expect(await client.connect(db.address, ECHO)).toBe('ENETUNREACH');
      expect(await client.connect(db.address6, ECHO)).toBe('ENETUNREACH');
      await app.nic.up();
      expect(await client.connect(db.address, ECHO)).toBe('connected');
      expect(await client.connect(db.address6, ECHO)).toBe('connected');
    });
  });

  it('that is removed is no longer there, and back up there again', async () => {
    expect(await links(db)).toContain('eth0');
    await db.nic.remove();
    await db.nic.remove();
    expect(await links(db)).not.toContain('eth0');
    await expect(db.nic.down()).rejects.toThrow('the NIC has been removed');
    await db.nic.up();
    expect(await links(db)).toContain('eth0');
  });

  // ARP asks three times, a second apart.
  it('that is down makes the router answer, once it has looked for the host: EHOSTUNREACH', async () => {
    await db.nic.down();
    expect(await client.connect(db.address, ECHO, 10_000)).toBe('EHOSTUNREACH');
  });
});
