import { Connection } from 'tedious';

export function open({ listener: { host, port } }) {
  const authentication = { type: 'default', options: { userName: 'me', password: 'secret' } };
  const connection = new Connection({ server: host, authentication, options: { port, encrypt: false } });
  connection.connect(() => {});
}
