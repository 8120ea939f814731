import { connect } from 'mqtt';

export function open({ listener: { host, port } }) {
  connect(`mqtt://${host}:${port}`).on('error', () => {});
}
