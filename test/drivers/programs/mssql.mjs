import mssql from 'mssql';

export function open({ listener: { host, port } }) {
  mssql.connect({ server: host, port, user: 'me', password: 'secret', options: { encrypt: false } }).catch(() => {});
}
