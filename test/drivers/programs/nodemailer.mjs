import { createTransport } from 'nodemailer';

export function open({ listener: { host, port } }) {
  createTransport({ host, port, secure: false })
    .verify()
    .catch(() => {});
}
