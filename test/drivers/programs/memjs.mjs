import memjs from 'memjs';

/** By its defaults it gives up a server that has not answered in half a second. */
export function open({ listener: { host, port } }) {
  memjs.Client.create(`${host}:${port}`, { timeout: 60 })
    .get('key')
    .catch(() => {});
}
