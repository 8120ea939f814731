import { type DriverPool, DriverPoolConnection } from './driver.js';
import { Session } from './session.js';

/** What a connection tells of itself. */
export interface Keeper {
  /** It has left the pool, because it failed or by its borrower's will. */
  left(connection: PooledConnection, why: 'failed' | 'destroyed'): void;
}

/** mysql2's connection of a pool, which knows the state of its session. */
export class PooledConnection extends DriverPoolConnection {
  readonly session: Session;
  /** Its keeper's: `returning` while it is looked after between two loans. */
  place: 'unlent' | 'lent' | 'returning' = 'unlent';
  readonly #keeper: Keeper;
  #hasFailed = false;

  constructor(pool: DriverPool, keeper: Keeper) {
    super(pool, { config: copyOf(pool.config.connectionConfig) });
    this.#keeper = keeper;
    this.session = new Session(this);
    // Before mysql2's own, which call `_removeFromPool`.
    const fail = () => {
      this.#hasFailed = true;
    };
    this.prependListener('error', fail).prependListener('end', fail);
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
