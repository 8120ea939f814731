import type { Socket } from 'node:net';

/** A frame is the length of its JSON text in bytes, as four bytes, the highest first, and the text. */
const HEADER_BYTES = 4;
const MAX_BYTES = 16 * 1024 * 1024;

/** Hands a frame to the socket. If it can't be sent, whoever reads from the socket hears of it. */
export function writeFrame(socket: Socket, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(text.length);
  socket.write(Buffer.concat([header, text]));
}

/**
 * Reads one frame and no byte more, and leaves no listener behind: the socket can go back to its pool.
 *
 * @throws the socket's error; if it ends early, if the frame is too large, or if it is not JSON
 */
export async function readFrame(socket: Socket): Promise<unknown> {
  const header = await readBytes(socket, HEADER_BYTES);
  const length = header.readUInt32BE();
  if (length > MAX_BYTES) throw new Error(`a frame of ${length} bytes (allowed: ${MAX_BYTES})`);
  return JSON.parse((await readBytes(socket, length)).toString());
}

async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let missing = count; missing > 0; ) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      await untilReadable(socket);
    } else {
      chunks.push(chunk.subarray(0, missing));
      if (chunk.length > missing) socket.unshift(chunk.subarray(missing));
      missing -= chunk.length;
    }
  }
  return Buffer.concat(chunks);
}

/** Resolves when there may be more to read, rejects when there never will be. */
function untilReadable(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => void socket.off('readable', go).off('error', fail).off('close', end);
    const go = () => {
      stop();
      resolve();
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    const end = () => fail(socket.errored ?? new Error('the connection ended'));
    if (socket.closed) end();
    else socket.on('readable', go).on('error', fail).on('close', end);
  });
}
