import { once } from 'node:events';
import { type Certificate, type Host, type NodeProcess, selfSignedCertificate } from '@lifeguard/lab';
import type { Servers } from './test-faults.js';

/** Starts a program on a host, with its configuration as its only argument. */
export function startProgram(host: Host, program: URL, config: object): Promise<NodeProcess> {
  return host.node(program, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** The next message of a program. @throws (rejects) if it ends without one */
export async function hear<M>(program: NodeProcess): Promise<M> {
  const ended = program.exited.then((exit) => {
    throw new Error(`a program ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(program.messages, 'message'), ended]);
  return message as M;
}

/** A host keeps its certificate through a power failure. */
const certificates = new WeakMap<Host, Certificate>();

/** A server that is a program of ours, plain on one port and over TLS on another. It says something once it listens. */
export async function startProgramServer(
  host: Host,
  program: URL,
  ports: { readonly port: number; readonly tlsPort: number },
): Promise<Servers> {
  const certificate = certificates.get(host) ?? selfSignedCertificate([host.address, host.name]);
  certificates.set(host, certificate);
  const listen = async () => {
    const server = await startProgram(host, program, { ...ports, ...certificate });
    await hear(server);
    return server;
  };
  let server = await listen();
  return {
    access: { host: host.address, ...ports, ca: certificate.certificate },
    async kill() {
      server.kill('SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await listen();
    },
  };
}
