import { Lab } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { GRPC } from './grpc-matrix.js';
import { TCP } from './limits.js';
import { hear, startProgram } from './programs.js';
import { arePossible, testFaults } from './test-faults.js';

/** For a kernel that suspects the peer for long before it gives up. */
const SLOW = { ...TCP, keepAliveIntervalMillis: 2000, keepAliveCount: 20, userTimeoutMillis: 60_000 };

const possible = await arePossible(GRPC);

await testFaults(GRPC);

test.skipIf(!possible)(
  'while the kernel suspects all connections a call goes to a new one, and those under way are left where they are',
  async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const { access } = await GRPC.start(db);
    const program = new URL('./grpc-suspect-client.mjs', import.meta.url);
    const client = await startProgram(app, program, { ...access, tcp: SLOW });
    expect(await hear(client)).toBe('ready');
    await lab.cable('app', 'db').cut();
    client.send('fault');
    expect(await hear(client)).toBe('suspected');
    await lab.cable('app', 'db').heal();
    client.send('heal');
    expect(await hear(client)).toEqual({
      verdicts: ['suspect', 'suspect'],
      ...{ answer: 'heard', opened: 1, ended: [], open: [true, true] },
    });
    await expect(client.exited).resolves.toMatchObject({ code: 0 });
  },
);
