import { selfSignedCertificate } from '@lifeguard/lab';

/** For this machine, and its key. */
export const { certificate: TEST_CERTIFICATE, key: TEST_KEY } = selfSignedCertificate([
  'localhost',
  '127.0.0.1',
  '::1',
]);
