import { describe, expect, it } from 'vitest';
import { type ClientSocket, clientSockets } from './client-socket.js';
import { parseSsLine } from './ss-line.js';

let inode = 0;

function client(peer: string, rest = '', state = 'ESTAB'): string {
  inode += 1;
  return `${state} 0 0 10.0.0.1:${40_000 + inode} ${peer}:1 ${rest} ino:${inode} <->`;
}

function sort(
  lines: readonly string[],
  inodes?: readonly string[],
  pools: ReadonlyMap<string, string> = new Map(),
): ClientSocket[] {
  const parsed = lines.map(parseSsLine);
  return clientSockets(parsed, { inodes: new Set(inodes ?? parsed.map((line) => line.inode)), pools });
}

describe('the client sockets', () => {
  it('are those of the process alone', () => {
    const lines = [client('1.1.1.1'), client('2.2.2.2')];
    expect(sort(lines, [String(inode)]).map(({ peer }) => peer)).toEqual(['2.2.2.2:1']);
  });

  it('have the names of their pools, as far as these are known', () => {
    const lines = [client('1.1.1.1'), client('2.2.2.2')];
    const sockets = sort(lines, undefined, new Map([[String(inode), 'orders']]));
    expect(sockets.map(({ peer, pool }) => [peer, pool])).toEqual([
      ['1.1.1.1:1', null],
      ['2.2.2.2:1', 'orders'],
    ]);
  });

  it('are none that listen, that were accepted, also from another process’s listener, or are connected to nobody', () => {
    const lines = [
      'LISTEN 0 511 *:8080 *:* ino:900',
      'ESTAB 0 0 [::ffff:10.0.0.1]:8080 [::ffff:10.0.0.9]:555 ino:901',
      'UNCONN 0 0 0.0.0.0:0 0.0.0.0:* ino:902',
    ];
    expect(sort(lines)).toEqual([]);
    expect(sort(lines, ['901'])).toEqual([]);
  });

  it('are not taken for accepted because somebody listens at their port of another address', () => {
    const lines = [
      'LISTEN 0 511 127.0.0.1:40100 0.0.0.0:* ino:910',
      'ESTAB 0 0 10.0.0.1:40100 10.0.0.2:5432 ino:911',
      'ESTAB 0 0 127.0.0.1:40100 127.0.0.1:555 ino:912',
      'LISTEN 0 511 [::]:40200 [::]:* ino:920',
      'ESTAB 0 0 [fd77::2]:40200 [fd77::3]:555 ino:921',
      'LISTEN 0 511 0.0.0.0:40300 0.0.0.0:* ino:930',
      'ESTAB 0 0 10.0.0.1:40300 10.0.0.9:555 ino:931',
    ];
    expect(sort(lines).map(({ local }) => local)).toEqual(['10.0.0.1:40100']);
  });

  it('are in order: suspect, closed by the peer, connecting, then the longest silent', () => {
    const lines = [
      client('alive', ' timer:(keepalive,1sec,0) lastrcv:10 lastack:10'),
      client('silent', ' timer:(keepalive,1sec,0) lastrcv:9000 lastack:8000'),
      client('asked', ' timer:(keepalive,1sec,1) lastrcv:10 lastack:10'),
      client('connecting', ' timer:(on,1sec,2)', 'SYN-SENT'),
      client('closed', '', 'CLOSE-WAIT'),
      client('suspect', ' timer:(keepalive,1sec,2)'),
      client('worse', ' timer:(on,1sec,3) unacked:1'),
    ];
    const verdicts = sort(lines).map(({ peer, verdict }) => `${peer.split(':')[0]} ${verdict}`);
    expect(verdicts).toEqual([
      'worse suspect',
      'suspect suspect',
      'closed dead',
      'connecting unknown',
      'asked alive',
      'silent alive',
      'alive alive',
    ]);
  });

  it('tell probes from retransmissions, and whether keepalive is on', () => {
    const lines = [
      client('a', ' timer:(keepalive,4.500ms,1)'),
      client('b', ' timer:(on,204ms,1) unacked:2'),
      client('c', ' timer:(persist,204ms,1)'),
      client('d'),
    ];
    expect(sort(lines).sort((a, b) => a.peer.localeCompare(b.peer))).toMatchObject([
      { probes: 1, retransmits: 0, keepAlive: true, timer: { name: 'keepalive', millis: 4500 } },
      { probes: 0, retransmits: 1, keepAlive: null, unacked: 2 },
      { probes: 1, retransmits: 0, keepAlive: null },
      { probes: 0, retransmits: 0, keepAlive: false, timer: null },
    ]);
  });
});
