import { Client } from 'ldapts';

export function open({ listener: { host, port } }) {
  new Client({ url: `ldap://${host}:${port}` }).bind('cn=me', 'secret').catch(() => {});
}
