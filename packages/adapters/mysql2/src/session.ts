import { AsyncLocalStorage } from 'node:async_hooks';
import { isReadOnly } from './classify.js';
import { ask, isBusy, isUsable } from './connection.js';
import type { Command, DriverConnection, Packet } from './driver.js';

// https://mariadb.com/kb/en/ok_packet/, https://mariadb.com/kb/en/eof_packet/, https://mariadb.com/kb/en/err_packet/
const HEADER_BYTES = 4;
const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;
const EOF_MAX_BYTES = 8;
const IN_TRANSACTION = 0x0001;
const SESSION_STATE_CHANGED = 0x4000;

/** Makes the server say so, in the answer itself, when a statement changes the session. Not by default: only a few settings. */
const TRACK = 'SET session_track_state_change = ON';

/** The session in whose set-up a command is given. */
const setUps = new AsyncLocalStorage<Session>();

/**
 * What the server says of a connection's session at the end of each answer: whether a transaction is open, and whether
 * the session was changed. It costs nothing: mysql2 asks for it, and only drops it.
 */
export class Session {
  readonly #connection: DriverConnection;
  /** The driver's own. */
  readonly #changeUser: (callback: (error: unknown) => void) => void;
  readonly #reset: (callback: (error: unknown) => void) => void;
  #transaction = false;
  #settings = false;
  #beyondRepair = false;
  /** Calls of `handlePacket` under way: within one, the connection is between two states. */
  #depth = 0;
  #afterPacket: (() => void) | undefined;
  #whenIdle: (() => void) | undefined;
  /** Commands that belong to the set-up of the session. */
  #setUp: WeakSet<Command> | undefined;

  /** @param connection has only just been made */
  constructor(connection: DriverConnection) {
    this.#connection = connection;
    const { handlePacket, changeUser, reset } = connection;
    const { charsetNumber } = connection.config;
    // Runs for every packet, and so is short: what is rare stands elsewhere.
    connection.handlePacket = (packet) => {
      if (packet && isAmidAnswer(packet) && !this.#setUp) handlePacket.call(connection, packet);
      else this.#follow(handlePacket, packet);
    };
    connection.changeUser = (...args) => {
      this.#beyondRepair = true;
      return changeUser.apply(connection, args);
    };
    connection.reset = (...args) => {
      // The server tells of no more changes then.
      this.#settings = true;
      return reset.apply(connection, args);
    };
    this.#changeUser = (callback) => {
      connection.config.charsetNumber = charsetNumber;
      changeUser.call(connection, {}, callback);
    };
    this.#reset = (callback) => reset.call(connection, callback);
  }

  /** Whether a transaction is open, or may be: in an error the server doesn't say. */
  get isInTransaction(): boolean {
    return this.#transaction;
  }

  /** Whether a variable, the current database, a temporary table or a statement prepared by SQL is not as it was. */
  get isChanged(): boolean {
    return this.#settings;
  }

  /** Whether it is another user's now, or its server takes no writes any more. */
  get isBeyondRepair(): boolean {
    return this.#beyondRepair;
  }

  /** Has the server tell of changes from now on. Where it can't, it tells of the few that it tells of by default. */
  async track(): Promise<void> {
    await this.#ask(TRACK).catch((error: unknown) => {
      if (!isUsable(this.#connection)) throw error;
    });
    this.#noteClean();
  }

  /** Runs what sets up the session. The commands that it gives, now or later, don't count as changes. */
  setUp(run: () => void): void {
    if (!this.#setUp) this.#noteSetUp(new WeakSet());
    setUps.run(this, run);
  }

  /** Ends the transaction that is open. */
  rollback(): Promise<void> {
    return this.#ask('ROLLBACK');
  }

  /**
   * Makes the session as it was after the connect, by COM_CHANGE_USER to the same user. COM_RESET_CONNECTION, which needs
   * no password, would leave the current database as it is, and the character set as the server likes it.
   */
  async restore(): Promise<void> {
    await ask(this.#changeUser);
    this.#noteClean();
    await this.track();
  }

  /** Makes the session as it is by the server's defaults, by COM_RESET_CONNECTION. */
  async reset(): Promise<void> {
    await ask(this.#reset);
    this.#noteClean();
  }

  /** Calls back as soon as the connection is in a definite state: now, or at the end of the packet that is being read. */
  settled(callback: () => void): void {
    if (this.#depth === 0) callback();
    else this.#afterPacket = callback;
  }

  /** Waits for all answers that the server owes. @returns whether they came in time */
  becomesIdle(timeoutMillis: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isIdle: boolean) => {
        clearTimeout(timer);
        this.#connection.off('error', fail);
        this.#whenIdle = undefined;
        resolve(isIdle);
      };
      const fail = () => finish(false);
      const timer = setTimeout(fail, timeoutMillis);
      this.#connection.once('error', fail);
      this.#whenIdle = () => finish(true);
    });
  }

  #noteClean(): void {
    this.#settings = false;
    this.#transaction = false;
  }

  #ask(sql: string): Promise<void> {
    return ask((callback) => this.#connection.query(sql, callback));
  }

  /** Takes note of what is said of the session, and that a packet is being read. */
  #follow(handlePacket: DriverConnection['handlePacket'], packet: Packet | undefined): void {
    if (packet) this.#read(packet);
    this.#depth += 1;
    try {
      if (this.#setUp) this.#followSetUp(handlePacket, packet);
      else handlePacket.call(this.#connection, packet);
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#settle();
    }
  }

  #followSetUp(handlePacket: DriverConnection['handlePacket'], packet: Packet | undefined): void {
    const connection = this.#connection;
    const handle = () => handlePacket.call(connection, packet);
    // What the set-up goes on with when this command is done is set-up, too.
    if (this.#isSetUp(connection._command)) setUps.run(this, handle);
    else handle();
  }

  #settle(): void {
    const callback = this.#afterPacket;
    if (callback) {
      this.#afterPacket = undefined;
      callback();
    }
    if (this.#whenIdle && !isBusy(this.#connection)) this.#whenIdle();
  }

  #read({ buffer, start, end }: Packet): void {
    const body = start + HEADER_BYTES;
    const marker = buffer[body];
    const { _command: command, _paused: isKeptForLater } = this.#connection;
    if (isKeptForLater) return;
    if (marker === EOF && end - body <= EOF_MAX_BYTES) {
      if (end - body >= 5) this.#note(buffer.readUInt16LE(body + 3), command);
    } else if (marker === OK && command?.next !== undefined && command.next === command.resultsetHeader) {
      this.#note(buffer.readUInt16LE(afterNumber(buffer, afterNumber(buffer, body + 1))), command);
    } else if (marker === ERR && end - body >= 3) {
      this.#transaction = true;
      if (isReadOnly(buffer.readUInt16LE(body + 1))) this.#beyondRepair = true;
    }
  }

  #note(status: number, command: Command | undefined | null): void {
    this.#transaction = (status & IN_TRANSACTION) !== 0;
    if ((status & SESSION_STATE_CHANGED) !== 0 && !this.#isSetUp(command)) this.#settings = true;
  }

  #isSetUp(command: Command | undefined | null): boolean {
    return Boolean(command && this.#setUp?.has(command));
  }

  #noteSetUp(commands: WeakSet<Command>): void {
    const connection = this.#connection;
    const { addCommand } = connection;
    this.#setUp = commands;
    connection.addCommand = (command) => {
      if (setUps.getStore() === this) commands.add(command);
      return addCommand.call(connection, command);
    };
  }
}

/** Whether this says nothing of the session and can't end an answer: columns and rows, as a rule. */
function isAmidAnswer({ buffer, start }: Packet): boolean {
  const marker = buffer[start + HEADER_BYTES] ?? OK;
  return marker > OK && marker < EOF;
}

/** Where a length-encoded integer ends. */
function afterNumber(buffer: Buffer, start: number): number {
  const first = buffer[start] ?? 0;
  if (first < 0xfb) return start + 1;
  return start + 1 + (first === 0xfc ? 2 : first === 0xfd ? 3 : 8);
}
