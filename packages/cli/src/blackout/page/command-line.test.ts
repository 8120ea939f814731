import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';

describe('the command line that a page shows', () => {
  it('is what one would type: Lifeguard’s variables and the arguments', () => {
    const env = { PATH: '/bin', LIFEGUARD_USER_TIMEOUT: '3s', LIFEGUARD_ENABLED: 'on' };
    expect(commandLine(['blackout', '--cut', '12', '--json'], env)).toBe(
      'LIFEGUARD_ENABLED=on LIFEGUARD_USER_TIMEOUT=3s lifeguard blackout --cut 12 --json',
    );
  });

  it('has nothing else of the environment, and no value that could be a name or a secret', () => {
    const env = {
      DATABASE_URL: 'postgres://me:hunter2@db/orders',
      PGPASSWORD: 'hunter2',
      LIFEGUARD_HOSTS: 'db.internal',
      LIFEGUARD_ORDERS_PASSWORD: 'hunter2',
    };
    expect(commandLine(['blackout'], env)).toBe('LIFEGUARD_HOSTS=… LIFEGUARD_ORDERS_PASSWORD=… lifeguard blackout');
  });

  it('names files without their folders, and quotes what a shell would take apart', () => {
    expect(commandLine(['blackout', '--report', '/home/me/what I saw.html'], {})).toBe(
      "lifeguard blackout --report 'what I saw.html'",
    );
    expect(commandLine(['blackout', '--report=/home/me/blackout.svg'], {})).toBe(
      'lifeguard blackout --report=blackout.svg',
    );
  });
});
