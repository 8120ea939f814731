import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { selfSignedCertificate } from './certificate.js';

const NAMES = ['db', '10.77.1.2', 'fd77:0:0:1::2', '::1', '127.0.0.1'] as const;

describe('a self-signed certificate', () => {
  const { key, certificate } = selfSignedCertificate(NAMES);
  const x509 = new X509Certificate(certificate);

  it('is good for the names and addresses that it was made for, and no others', () => {
    expect(x509.checkHost('db')).toBe('db');
    for (const address of NAMES.slice(1)) expect(x509.checkIP(address)).toBe(address);
    expect(x509.checkHost('web')).toBeUndefined();
    expect(x509.checkIP('10.77.1.3')).toBeUndefined();
    expect(x509.checkIP('fd77:0:0:1::3')).toBeUndefined();
  });

  it('is signed with its own key, and valid now', () => {
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.ca).toBe(true);
    expect(Date.parse(x509.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(x509.validTo)).toBeGreaterThan(Date.now());
  });

  it('lets a client that trusts it through, and no other', async () => {
    const server = createServer({ key, cert: certificate }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => {});
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const trusting = connect({ host: '127.0.0.1', port, ca: certificate });
      await once(trusting, 'secureConnect');
      expect(trusting.authorized).toBe(true);
      trusting.destroy();
      const other = selfSignedCertificate(NAMES).certificate;
      const mistrusting = connect({ host: '127.0.0.1', port, ca: other });
      await expect(once(mistrusting, 'secureConnect')).rejects.toThrow(/self-signed|signature/);
    } finally {
      server.close();
    }
  });

  it('is another one every time', () => {
    expect(new X509Certificate(selfSignedCertificate(NAMES).certificate).serialNumber).not.toBe(x509.serialNumber);
  });
});
