import type { Host } from '@lifeguard/lab';
import type { Address } from '../drivers/driver.js';

/** What can be done to a server on the stage. Those of the lab have it. */
export interface Control {
  /** Ends it at once. Its kernel closes its connections. */
  kill(): Promise<void>;
  /** Ends it in order: clients are told, where the protocol has a word for it. */
  stop(): Promise<void>;
  /** Starts it again, at the same address. Settles when it answers. */
  restart(): Promise<void>;
  /** Its kernel goes on, nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it, and removes what it has left. */
  close(): Promise<void>;
}

export interface RunningServer {
  readonly address: Address;
  readonly control: Control;
}

export interface ServerKind {
  /** As people call it. */
  readonly title: string;
  /**
   * @param known of one that was there before, whose place it takes. Default: a new one
   * @throws {LabError} if it can't be started; {LabUnavailableError} if it is not installed, with the package that brings it
   */
  start(where: Host | 'loopback', known?: Address): Promise<RunningServer>;
}
