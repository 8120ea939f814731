import axios from 'axios';

export async function open({ http }) {
  return { call: () => axios.get(http.url), wait: () => axios.get(`${http.url}/hang`) };
}
