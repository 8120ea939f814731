import { expect, test } from 'vitest';
import * as tcp from './index.js';

test('the package has these names, and no others', () => {
  expect(Object.keys(tcp).sort()).toEqual([
    'ConfigError',
    'ENABLED_SETTINGS',
    'LifeguardError',
    'TCP_SETTINGS',
    'capabilities',
    'captureSockets',
    'fdOf',
    'harden',
    'inspect',
    'isEnabled',
    'limitConnect',
    'onClientConnect',
    'onClientSocket',
    'openCapture',
    'probe',
    'reinforce',
    'resolveTcpOptions',
    'silentFor',
    'tcpOptionWarnings',
    'verdict',
  ]);
});
