import { once } from 'node:events';
import { connect } from 'node:net';

/** What a connect fails with, if it does. */
export async function connectCode(port: number, host: string): Promise<string | undefined> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}
