/** A place in a list, carried by the thing itself, so that joining and leaving allocate nothing. */
export interface Links<N> {
  previous: N | undefined;
  next: N | undefined;
  /** The list it stands in; `undefined` before it joined one and after it left. */
  list: { remove(node: N): boolean } | undefined;
}

export interface Linked<N> {
  readonly links: Links<N>;
}

/** The links of what stands in no list. */
export function unlinked<N>(): Links<N> {
  return { previous: undefined, next: undefined, list: undefined };
}

/**
 * A doubly linked list. All that it does takes O(1).
 *
 * A Set would keep the order too, but taking its first element passes over all that were deleted before.
 */
export class List<N extends Linked<N>> {
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
    const { links } = node;
    links.list = this;
    links.previous = this.#last;
    if (this.#last) this.#last.links.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length += 1;
  }

  /** @returns whether it stood here */
  remove({ links }: N): boolean {
    if (links.list !== this) return false;
    const { previous, next } = links;
    if (previous) previous.links.next = next;
    else this.#first = next;
    if (next) next.links.previous = previous;
    else this.#last = previous;
    links.list = links.previous = links.next = undefined;
    this.#length -= 1;
    return true;
  }
}
