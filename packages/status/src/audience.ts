/** Somebody who has the page open, as far as sending goes. */
export interface Listener {
  send(text: string): void;
  end(): void;
}

/** Those who have the page open. They are told by server-sent events (HTML standard, section 9.2). */
export class Audience {
  readonly #listeners = new Set<Listener>();

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** @returns what takes the listener away again */
  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: string, data: unknown): void {
    const text = serverSentEvent(event, data);
    for (const listener of this.#listeners) listener.send(text);
  }

  end(): void {
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }
}

/** JSON has no line breaks, which would end the event. */
export function serverSentEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
