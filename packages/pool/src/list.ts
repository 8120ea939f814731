/**
 * A place in a list, which the thing itself is, so that joining and leaving allocate nothing: it stands in one list at
 * most.
 */
export class Link<N> {
  previous: N | undefined = undefined;
  next: N | undefined = undefined;
  /** The list it stands in; `undefined` before it joined one and after it left. */
  list: object | undefined = undefined;
}

/**
 * A doubly linked list. All that it does takes O(1).
 *
 * A Set would keep the order too, but taking its first element passes over all that were deleted before.
 */
export class List<N extends Link<N>> implements Iterable<N> {
  #first: N | undefined;
  #last: N | undefined;
  /** Always the number of nodes from the first to the last. */
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): N | undefined {
    return this.#first;
  }

  get last(): N | undefined {
    return this.#last;
  }

  append(node: N): void {
    const last = this.#last;
    node.list = this;
    node.previous = last;
    if (last) last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length += 1;
  }

  /** @returns whether it stood here */
  remove(node: N): boolean {
    if (node.list !== this) return false;
    const { previous, next } = node;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    node.list = node.previous = node.next = undefined;
    this.#length -= 1;
    return true;
  }

  /** From first to last. Nothing may leave meanwhile. */
  *[Symbol.iterator](): Generator<N, void> {
    for (let node = this.#first; node; node = node.next) yield node;
  }
}
