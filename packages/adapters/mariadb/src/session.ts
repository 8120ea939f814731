import { isReadOnly } from './classify.js';
import type { Driver, DriverConnection } from './driver.js';
import { type Info, keepStatus } from './status.js';

// https://mariadb.com/kb/en/ok_packet/
const IN_TRANSACTION = 0x0001;
const SESSION_STATE_CHANGED = 0x4000;

/** Makes the server say so, in the answer itself, when a statement changes the session. */
const TRACK = 'SET session_track_state_change = ON';

/**
 * What the server says of a connection's session at the end of each answer, and what its borrower saw fail. It costs
 * nothing: the driver keeps the last answer's status, and this looks at each.
 */
export class Session<C extends DriverConnection> implements Info {
  readonly #connection: C;
  readonly #driver: Driver<C>;
  #status = 0;
  readonly #database: string | undefined;
  #changed = false;
  #doubtful = false;
  #beyondRepair = false;

  /**
   * @param connection has only just been opened
   * @param database its database, if it was opened with one
   */
  constructor(connection: C, driver: Driver<C>, database: string | undefined) {
    this.#connection = connection;
    this.#driver = driver;
    this.#database = database;
    keepStatus(connection.info, this);
    this.accept();
  }

  /** The status flags of the server's last answer. */
  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    this.#status = status;
    if ((status & SESSION_STATE_CHANGED) !== 0) this.#changed = true;
  }

  /** Whether a transaction is open, or may be: in an error the server doesn't say. */
  get isInTransaction(): boolean {
    return this.#doubtful || (this.#status & IN_TRANSACTION) !== 0;
  }

  /** Whether a variable, the current database, a temporary table or a statement prepared by SQL is not as it was. */
  get isChanged(): boolean {
    return this.#changed;
  }

  /** Whether it is another user's now, or its server takes no writes any more. */
  get isBeyondRepair(): boolean {
    return this.#beyondRepair;
  }

  /** Has the server tell of changes from now on. Where it can't, it tells of the few that it tells of by default. */
  async track(): Promise<void> {
    await this.#driver.query(this.#connection, TRACK).catch((error: unknown) => {
      if (!this.#connection.isValid()) throw error;
    });
    this.accept();
  }

  /** What was changed until now belongs to the session. */
  accept(): void {
    this.#changed = false;
  }

  /** A statement of the borrower's has failed. */
  failed(error: unknown): void {
    this.#doubtful = true;
    if (isReadOnly(error)) this.#beyondRepair = true;
  }

  /** The borrower has become somebody else. */
  changedUser(): void {
    this.#beyondRepair = true;
  }

  /** Ends a transaction that may be open, once all that is due has been answered. */
  async rollback(): Promise<void> {
    if (this.#doubtful) await this.#driver.query(this.#connection, 'ROLLBACK');
    else await this.#driver.rollback(this.#connection);
    this.#doubtful = false;
  }

  /** Makes the session as it was. It has to have a database: there is no way back to none. */
  async restore(): Promise<void> {
    if (this.#database === undefined) throw new Error('the session was changed, and has no database to go back to');
    await this.reset();
    await this.#driver.query(this.#connection, `USE \`${this.#database.replaceAll('`', '``')}\``);
    await this.track();
  }

  /** COM_RESET_CONNECTION: the current database stays. */
  async reset(): Promise<void> {
    await this.#driver.reset(this.#connection);
    this.#doubtful = false;
    this.#changed = false;
  }
}
