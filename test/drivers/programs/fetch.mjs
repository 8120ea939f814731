export async function open({ http }) {
  const ask = async (path) => (await fetch(`${http.url}${path}`)).text();
  return { call: () => ask('/'), wait: () => ask('/hang') };
}
