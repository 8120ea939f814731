import { request } from 'undici';

export async function open({ http }) {
  const ask = async (path) => (await request(`${http.url}${path}`)).body.text();
  return { call: () => ask('/'), wait: () => ask('/hang') };
}
