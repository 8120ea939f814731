/** Something that makes promises, such as Bluebird. */
export interface PromiseMaker {
  /** A promise of that make, for a value or for another promise. */
  resolve(value: unknown): PromiseLike<unknown>;
}

/** Has an object's methods return promises of another make. Costs nothing where no other is asked for. */
export function returnPromisesOf<O extends object>(
  maker: PromiseMaker,
  object: O,
  methods: readonly (keyof O & string)[],
): void {
  for (const name of methods) {
    const method = object[name] as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]) => maker.resolve(method.apply(object, args));
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  }
}
