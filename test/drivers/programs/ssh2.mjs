import ssh2 from 'ssh2';

export function open({ listener: { host, port } }) {
  new ssh2.Client().on('error', () => {}).connect({ host, port, username: 'me', password: 'secret' });
}
