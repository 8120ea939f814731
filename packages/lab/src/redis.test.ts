import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noLab, skip } from './capability.fixture.js';
import { Lab, type RedisServer, redisUnavailable, startRedis, startRedisCluster, startSentinels } from './index.js';
import { started } from './started.fixture.js';

const noRedis = skip(redisUnavailable());

/** What a server answers to one line, said in the clear or through TLS. */
async function ask(server: RedisServer, line: string, secure: boolean): Promise<string> {
  const socket = secure
    ? connectTls({ host: server.host, port: server.tlsPort ?? 0, ca: server.ca ?? '' })
    : connect(server.port, server.host);
  socket.write(`${line}\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer).trim();
}

describe.skipIf(noRedis)('Redis', () => {
  it('asks for the password, in the clear and through TLS', async () => {
    const server = await started(startRedis('loopback', { tls: true }));
    for (const secure of [false, true]) {
      expect(await ask(server, 'PING', secure)).toBe('-NOAUTH Authentication required.');
      expect(await ask(server, `AUTH ${server.password}`, secure)).toBe('+OK');
    }
  });

  it('has its settings, and its data again after it was killed', async () => {
    const server = await started(startRedis('loopback', { settings: { maxclients: '17' } }));
    expect(await server.command('CONFIG', 'GET', 'maxclients')).toBe('maxclients\n17');
    await server.command('SET', 'key', 'value');
    const { pid } = server.process;
    await server.restart();
    expect(server.process.pid).not.toBe(pid);
    expect(await server.command('GET', 'key')).toBe('value');
  });

  it('tells what the server has against a command', async () => {
    const server = await started(startRedis('loopback'));
    await expect(server.command('NONSENSE')).rejects.toThrow(/unknown command/);
  });

  it('says with the last lines of its log why it does not start', async () => {
    await expect(startRedis('loopback', { settings: { nonsense: 'yes' } })).rejects.toThrow(/did not start/);
  });

  it('is watched over by Sentinels, which promote the replica', async () => {
    const master = await started(startRedis('loopback'));
    const replica = await started(startRedis('loopback', { replicaOf: master }));
    const sentinels = await startSentinels(['loopback', 'loopback', 'loopback'], master);
    for (const sentinel of sentinels) onTestFinished(() => sentinel.close());
    expect(await sentinels[0]?.command('SENTINEL', 'CKQUORUM', 'mymaster')).toMatch(/^OK 3 usable Sentinels/);
    await sentinels[0]?.command('SENTINEL', 'FAILOVER', 'mymaster');
    await expect.poll(() => replica.command('ROLE'), { timeout: 10_000 }).toMatch(/^master/);
  });
});

describe.skipIf(noRedis || noLab())('Redis on a host', () => {
  it('is a cluster of three on one host', async () => {
    const lab = await Lab.create();
    try {
      const db = await lab.host('db');
      const nodes = await startRedisCluster([db, db, db], { password: 'secret' });
      expect(nodes.map(({ host, port }) => `${host}:${port}`)).toEqual(
        [7000, 7001, 7002].map((port) => `${db.address}:${port}`),
      );
      expect(await nodes[0]?.command('CLUSTER', 'INFO')).toMatch(/cluster_state:ok[\s\S]*cluster_size:3/);
    } finally {
      await lab.close();
    }
  });
});
