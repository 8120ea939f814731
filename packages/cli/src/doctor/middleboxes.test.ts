import { resolveTcpOptions } from '@lifeguard/tcp';
import { describe, expect, it } from 'vitest';
import { MIDDLEBOXES, middleboxWarnings } from './middleboxes.js';

function warnings(env: NodeJS.ProcessEnv): string[] {
  return middleboxWarnings(resolveTcpOptions({}, { env })).map(({ text }) => text);
}

describe('the warnings of middleboxes', () => {
  it('are none by the defaults', () => {
    expect(warnings({})).toEqual([]);
  });

  it('are of each whose limit the idle time reaches', () => {
    expect(warnings({ LIFEGUARD_KEEPALIVE_IDLE: '239s' })).toEqual([]);
    expect(warnings({ LIFEGUARD_KEEPALIVE_IDLE: '240s' })).toEqual([
      'an Azure load balancer forgets a connection that is idle for 4 min, and the first keepalive probe is sent after 4 min (LIFEGUARD_KEEPALIVE_IDLE)',
    ]);
    expect(warnings({ LIFEGUARD_KEEPALIVE_IDLE: '349s' })).toHaveLength(1);
    expect(warnings({ LIFEGUARD_KEEPALIVE_IDLE: '350s' })).toHaveLength(3);
    expect(warnings({ LIFEGUARD_KEEPALIVE_IDLE: '10m' })).toHaveLength(4);
  });

  it('are of all when keepalive is off', () => {
    expect(warnings({ LIFEGUARD_KEEPALIVE: 'off' })).toHaveLength(MIDDLEBOXES.length);
  });

  it('cite where each limit is documented', () => {
    for (const { source } of MIDDLEBOXES) expect(source).toMatch(/^https:\/\//);
  });
});
