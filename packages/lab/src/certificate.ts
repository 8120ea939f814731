import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/** A key, and the certificate that goes with it. */
export interface Certificate {
  /** The private key, PEM. */
  readonly key: string;
  /** The certificate, PEM. It signs itself, and so is also the authority that a client is to trust. */
  readonly certificate: string;
}

/**
 * A TLS server's certificate for names and addresses, good from yesterday for a month: RFC 5280, with an EC key.
 * Written by hand, because Node makes keys and signatures but no certificates, and the packages that do are large.
 */
export function selfSignedCertificate(names: readonly [string, ...string[]]): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = sequence(set(sequence(COMMON_NAME, utf8(names[0]))));
  const body = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    sequence(ECDSA_WITH_SHA256),
    subject,
    sequence(utcTime(-1), utcTime(30)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(
      3,
      sequence(
        extension(BASIC_CONSTRAINTS, sequence(TRUE)),
        extension(SUBJECT_ALTERNATIVE_NAME, sequence(...names.map(generalName))),
      ),
    ),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, sequence(ECDSA_WITH_SHA256), element(0x03, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem(certificate),
  };
}

// ASN.1, distinguished encoding (X.690): tag, length, content.

function element(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...length(body.length)]), body]);
}

function length(bytes: number): number[] {
  if (bytes < 0x80) return [bytes];
  if (bytes < 0x100) return [0x81, bytes];
  return [0x82, bytes >> 8, bytes & 0xff];
}

const sequence = (...content: Buffer[]) => element(0x30, ...content);
const set = (...content: Buffer[]) => element(0x31, ...content);
const context = (number: number, ...content: Buffer[]) => element(0xa0 + number, ...content);
const integer = (bigEndian: Buffer) => element(0x02, bigEndian);
const identifier = (hex: string) => element(0x06, Buffer.from(hex, 'hex'));
const utf8 = (text: string) => element(0x0c, Buffer.from(text));
const octets = (content: Buffer) => element(0x04, content);

const TRUE = element(0x01, Buffer.from([0xff]));
const ECDSA_WITH_SHA256 = identifier('2a8648ce3d040302');
const COMMON_NAME = identifier('550403');
const BASIC_CONSTRAINTS = identifier('551d13');
const SUBJECT_ALTERNATIVE_NAME = identifier('551d11');

function extension(name: Buffer, value: Buffer): Buffer {
  return sequence(name, octets(value));
}

function utcTime(daysFromNow: number): Buffer {
  const time = new Date(Date.now() + daysFromNow * 86_400_000).toISOString();
  return element(0x17, Buffer.from(`${time.slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? element(0x82, Buffer.from(name)) : element(0x87, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = [], tail] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...zeros, ...(tail ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
