/** What a connection of the driver keeps of its server. */
export interface Info {
  /** The status flags of the server's last answer; the driver writes them. */
  status: number;
}

/** Who keeps them in its place. */
const KEEPER = Symbol('lifeguard.keeper');

/** By the driver's own, of which each copy of the driver has one. */
const prototypes = new WeakMap<object, object>();

/**
 * Has somebody else keep what a connection's `info.status` is, and hear of all that the driver writes there.
 *
 * The accessors are those of a prototype. On the object itself they would do the same, but V8 goes through its runtime for them, several
 * times with each query, which costs as much as the rest of a loan.
 */
export function keepStatus(info: Info, keeper: Info): void {
  keeper.status = info.status;
  Reflect.deleteProperty(info, 'status');
  Object.defineProperty(info, KEEPER, { value: keeper });
  Object.setPrototypeOf(info, prototypeOver(Object.getPrototypeOf(info)));
}

function prototypeOver(stock: object): object {
  let prototype = prototypes.get(stock);
  if (!prototype) {
    prototype = Object.create(stock, {
      status: {
        get(this: { [KEEPER]: Info }) {
          return this[KEEPER].status;
        },
        set(this: { [KEEPER]: Info }, status: number) {
          this[KEEPER].status = status;
        },
      },
    }) as object;
    prototypes.set(stock, prototype);
  }
  return prototype;
}
