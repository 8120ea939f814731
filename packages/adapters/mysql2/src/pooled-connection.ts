import { type DriverPool, DriverPoolConnection } from './driver.js';
import { Session } from './session.js';

/** What a connection tells of itself. */
export interface Keeper {
  /** Its borrower has done with it. */
  takeBack(connection: PooledConnection): void;
  /** It was given back, and is in a definite state. */
  lookOver(connection: PooledConnection): void;
  /** It has left the pool, because it failed or by its borrower's will. */
  left(connection: PooledConnection, why: 'failed' | 'destroyed'): void;
}

/** mysql2's connection of a pool, which knows the state of its session. */
export class PooledConnection extends DriverPoolConnection {
  readonly session: Session;
  /** Its keeper's: `returning` while it is looked after between two loans. */
  place: 'unlent' | 'lent' | 'returning' = 'unlent';
  readonly #keeper: Keeper;
  /** Made once: a new one for each return would be a young object in an old one, which V8 has to keep a list of. */
  readonly #lookOver: () => void;
  /** Gives it back, unless it has left the pool: for who would make a closure for each command that ends. */
  readonly giveBackAtEnd: () => void;
  #hasFailed = false;

  constructor(pool: DriverPool, keeper: Keeper) {
    super(pool, { config: copyOf(pool.config.connectionConfig) });
    this.#keeper = keeper;
    this.#lookOver = () => keeper.lookOver(this);
    this.giveBackAtEnd = () => {
      if (this._pool !== null) keeper.takeBack(this);
    };
    this.session = new Session(this);
    // Before mysql2's own, which call `_removeFromPool`.
    const fail = () => {
      this.#hasFailed = true;
    };
    this.prependListener('error', fail).prependListener('end', fail);
  }

  /** Has its keeper look it over as soon as it is in a definite state. */
  giveBack(): void {
    this.session.settled(this.#lookOver);
  }

  override _removeFromPool(): void {
    if (this._pool === null) return;
    this._pool = null;
    this.#keeper.left(this, this.#hasFailed ? 'failed' : 'destroyed');
  }
}

/** A command such as `changeUser` writes into it. */
function copyOf(config: object): object {
  return Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config));
}
