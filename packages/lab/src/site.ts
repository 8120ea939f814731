import { randomUUID } from 'node:crypto';
import { type Certificate, selfSignedCertificate } from './certificate.js';
import type { Host } from './host.js';
import { PRIVATE_FOLDER } from './keeper.js';
import type { LabProcess, SpawnOptions } from './process.js';
import { tool } from './tools.js';

/** A place to run a server that refuses to be run by root. */
export interface Site {
  /** Where its clients find it. */
  readonly address: string;
  /** The addresses for the server to listen on, as PostgreSQL wants them written. */
  readonly listen: string;
  /** What a server there proves itself with. */
  certificate(): Certificate;
  /** A port that is free there, `usual` if that can be. */
  port(usual: number): Promise<number>;
  /** A folder for nobody else, which goes with the site. It may have to be made. */
  readonly folder: string;
  /** Starts a program there, not as root. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): Promise<LabProcess>;
  /** Removes what is left there. To be called when nothing runs there any more. */
  close(): Promise<void>;
}

/** The user `nobody`. initdb insists that its user has a name, and nobody has one everywhere. */
export const NOBODY = 65534;

/**
 * What to put before a command so that it finds itself to be nobody. It keeps our rights to our files, wherever they
 * are: the kernel maps one user to the other.
 */
export function asNobody(): string[] {
  return [tool('unshare'), '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
}

const certificates = new WeakMap<Host, Certificate>();

// One for each host: its clients still trust it when it has been off and on again.
function certificateOf(host: Host): Certificate {
  const certificate = certificates.get(host) ?? selfSignedCertificate([host.name, host.address, host.address6]);
  certificates.set(host, certificate);
  return certificate;
}

export function hostSite(host: Host): Site {
  const folder = `${PRIVATE_FOLDER}/${randomUUID()}`;
  const spawn: Site['spawn'] = (command, args, options) => {
    const [unshare = '', ...rest] = asNobody();
    return host.spawn(unshare, [...rest, command, ...args], options);
  };
  return {
    address: host.address,
    listen: '*',
    certificate: () => certificateOf(host),
    port: async (usual) => usual,
    folder,
    spawn,
    close: async () => {
      if (!host.powered) return;
      const removal = await spawn('rm', ['-rf', folder], { stdio: 'ignore' });
      await removal.exited;
    },
  };
}
