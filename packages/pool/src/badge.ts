/** Returns what it is given in place of a new object: so the private fields of a class that extends it are written there. */
class Given {
  constructor(given: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for
    return given;
  }
}

/**
 * A private field on an object of somebody else's: found at once, without looking it up anywhere, seen by no other code,
 * trapped by no Proxy, inherited by nothing, gone with the object.
 */
export class Badge extends Given {
  #content: object | undefined;

  /** What was pinned on it last. */
  static of(bearer: object): object | undefined {
    return #content in bearer ? (bearer as Badge).#content : undefined;
  }

  /** Does nothing to what can't bear one: newer engines keep private fields off what is frozen or sealed, too. */
  static pin(bearer: object, content: object | undefined): void {
    try {
      if (!(#content in bearer)) new Badge(bearer);
    } catch {
      return;
    }
    (bearer as Badge).#content = content;
  }
}
