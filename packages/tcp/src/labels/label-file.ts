import { crc32 } from 'node:zlib';

/** The name of the memory file that has the labels. */
export const LABEL_FILE = 'lifeguard';

/** How the link in `/proc/PID/fd` reads that leads to it. */
export const LABEL_FILE_LINK = `/memfd:${LABEL_FILE} (deleted)`;

const HEADER = 'lifeguard-labels 1';
const HEADER_PATTERN = new RegExp(`^${HEADER} (\\d{1,9}) ([0-9a-f]{1,8})\\n`);
/** More than a header can have. */
const HEADER_BYTES = 64;

/** By label, the inode numbers of its sockets. */
export type LabelledInodes = ReadonlyMap<string, readonly number[]>;

/**
 * The file's content: a line `lifeguard-labels 1 LENGTH CRC32` (of what follows, in bytes and in hexadecimal digits), and a JSON
 * object of inode numbers by label. What is left behind it of a longer content before does not count.
 *
 * Who reads it while it is written may get something of both: the kernel copies it page by page. The checksum tells.
 */
export function formatLabels(inodes: LabelledInodes): string {
  const json = JSON.stringify(Object.fromEntries(inodes));
  return `${HEADER} ${Buffer.byteLength(json)} ${crc32(json).toString(16)}\n${json}`;
}

/**
 * Reads what another process has written, which is not trusted: it may have been changed, or be written at this moment.
 *
 * @returns labels by the inode numbers of their sockets, without what terminals take for a command; `undefined` if it is not
 * whole, or of another version
 */
export function parseLabels(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  const header = HEADER_PATTERN.exec(bytes.toString('latin1', 0, HEADER_BYTES));
  if (header === null) return undefined;
  const [{ length: start }, length, sum] = header;
  const json = bytes.subarray(start, start + Number(length));
  if (json.byteLength !== Number(length) || crc32(json) !== Number.parseInt(sum ?? '', 16)) return undefined;
  return readJson(json.toString());
}

function readJson(json: string): ReadonlyMap<string, string> | undefined {
  try {
    const entries = Object.entries(JSON.parse(json) as Readonly<Record<string, readonly unknown[]>>);
    return new Map(entries.flatMap(([label, inodes]) => inodes.map((inode) => [String(inode), printable(label)])));
  } catch {
    return undefined;
  }
}

/** Without control and formatting characters, such as those that move the cursor or turn the direction of writing. */
function printable(label: string): string {
  return label.replace(/\p{C}/gu, '');
}
