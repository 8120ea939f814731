import { BlockList, isIP } from 'node:net';

/** `example.org`, `db_1`, `localhost`; a dot at the end says no more than none. */
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
/** What consists of digits and dots alone and is no address was meant to be one. */
const BROKEN_ADDRESS = /^[0-9.]+$/;

/** Some hosts, by name, address or block of addresses. */
class HostSet {
  readonly #names = new Set<string>();
  readonly #addresses = new BlockList();
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** @returns whether it was a name, an address or a CIDR block */
  add(text: string): boolean {
    const isHost = this.#addAddress(text) || this.#addBlock(text) || this.#addName(text);
    if (isHost) this.#isEmpty = false;
    return isHost;
  }

  has(host: string, address: string | undefined): boolean {
    if (this.#isEmpty) return false;
    return this.#names.has(normalize(host)) || this.#hasAddress(address ?? '');
  }

  #hasAddress(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#addresses.check(address, familyOf(version));
  }

  #addAddress(text: string): boolean {
    const version = isIP(text);
    if (version !== 0) this.#addresses.addAddress(text, familyOf(version));
    return version !== 0;
  }

  #addBlock(text: string): boolean {
    const [, address = '', prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
    const version = isIP(address);
    if (version === 0 || Number(prefix) > (version === 4 ? 32 : 128)) return false;
    this.#addresses.addSubnet(address, Number(prefix), familyOf(version));
    return true;
  }

  #addName(text: string): boolean {
    if (!NAME.test(text) || BROKEN_ADDRESS.test(text)) return false;
    this.#names.add(normalize(text));
    return true;
  }
}

/** Whose connections are to be hardened. */
export class Hosts {
  readonly #wanted = new HostSet();
  readonly #leftOut = new HostSet();
  /** As it was written; empty: all. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Every host. */
  static readonly all = new Hosts('');

  /**
   * Reads names, addresses and CIDR blocks, separated by commas; those after `!` are left out. If there are no others, all
   * but these are meant.
   *
   * @returns `undefined` if that can't be read
   */
  static parse(text: string): Hosts | undefined {
    const hosts = new Hosts(text);
    const entries = text.split(',').map((entry) => entry.trim());
    return entries.every((entry) => hosts.#add(entry)) ? hosts : undefined;
  }

  /**
   * @param host the name or address that the program connects to
   * @param address what it was resolved to
   */
  include(host: string, address: string | undefined): boolean {
    if (this.#leftOut.has(host, address)) return false;
    return this.#wanted.isEmpty || this.#wanted.has(host, address);
  }

  #add(entry: string): boolean {
    if (!entry.startsWith('!')) return this.#wanted.add(entry);
    return this.#leftOut.add(entry.slice(1).trim());
  }
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6';
}

function normalize(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
