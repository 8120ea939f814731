import { describe, expect, it } from 'vitest';
import { parseSsLine } from './ss-line.js';

/** As iproute2 6.1 prints it; the first lines are real ones. */
const SENDING =
  'ESTAB 0      8      10.77.1.2:40312 10.77.2.2:5432 timer:(on,1.204ms,3) uid:33 ino:4551268 sk:3d cgroup:/ <-> ts sack ' +
  'bbr wscale:10,10 rto:1632 backoff:3 rtt:0.028/0.014 mss:1448 cwnd:1 ssthresh:7 bytes_sent:40 bytes_retrans:32 ' +
  'bytes_acked:9 send 102985142857bps lastsnd:1216 lastrcv:2908 lastack:2904 pacing_rate 249517099808bps unacked:1 ' +
  'retrans:1/4 lost:1 notsent:3 rcv_space:65495 minrtt:0.018 snd_wnd:65536   ';
const FRESH = 'ESTAB 3 0 [::ffff:127.0.0.1]:7 [::ffff:127.0.0.1]:9 ino:12 sk:1 <-> ts sack cubic rto:204 app_limited';
const LISTENER = 'LISTEN 0 511 *:8080 *:* ino:99 sk:2 v6only:0 <-> cubic cwnd:10';

function timer(text: string): unknown {
  return parseSsLine(`ESTAB 0 0 1.1.1.1:1 2.2.2.2:2 timer:(${text}) ino:1`).timer;
}

describe('a line of ss', () => {
  it('tells of a connection that sends', () => {
    expect(parseSsLine(SENDING)).toEqual({
      inode: '4551268',
      state: 'ESTABLISHED',
      local: '10.77.1.2:40312',
      peer: '10.77.2.2:5432',
      timer: { name: 'on', millis: 1204, unanswered: 3 },
      lastDataSentMillis: 1216,
      lastDataReceivedMillis: 2908,
      lastAckReceivedMillis: 2904,
      unacked: 1,
      totalRetransmits: 4,
      receiveQueueBytes: 0,
      sendQueueBytes: 8,
      rttMillis: 0.028,
    });
  });

  it('leaves out what is 0, and writes IPv4 on an IPv6 socket in its own way', () => {
    expect(parseSsLine(FRESH)).toMatchObject({
      local: '127.0.0.1:7',
      peer: '127.0.0.1:9',
      timer: undefined,
      lastDataSentMillis: 0,
      unacked: 0,
      totalRetransmits: 0,
      receiveQueueBytes: 3,
      rttMillis: undefined,
    });
  });

  it('tells of a listener, a socket that is connected to nobody, and IPv6', () => {
    expect(parseSsLine(LISTENER)).toMatchObject({ inode: '99', state: 'LISTEN', local: '*:8080' });
    expect(parseSsLine('UNCONN 0 0 0.0.0.0:0 0.0.0.0:* ino:3').state).toBeUndefined();
    expect(parseSsLine('CLOSE-WAIT 1 0 [fd77::2]:40312 [fd77::3]:5432 ino:3')).toMatchObject({
      state: 'CLOSE_WAIT',
      peer: '[fd77::3]:5432',
    });
  });

  it.each([
    ['keepalive,204ms,0', 204],
    ['keepalive,4.500ms,1', 4500],
    ['keepalive,12sec,1', 12_000],
    ['keepalive,1min59sec,1', 119_000],
    ['keepalive,533min,1', 31_980_000],
    ['on,,1', 0],
  ])('writes a timer as %s', (text, millis) => {
    expect(timer(text)).toMatchObject({ millis });
  });
});
