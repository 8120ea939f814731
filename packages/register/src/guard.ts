/**
 * Hardens the sockets of one driver that keeps its own connections.
 *
 * @module
 */

import { type Capture, harden, isEnabled, openCapture, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';

type Callable = (...args: never[]) => unknown;

/**
 * Hardens the sockets of one driver that keeps its own connections, in a program that is not to be hardened as a whole.
 *
 * - `guard(() => driver.connect(url))` calls the function, and hardens each TCP socket that is opened by what it does, awaited
 *   or in timers, and by what reconnects later.
 * - `guard(new Pool(…))` returns the client's face: each socket opened by a call of one of its methods is hardened. What
 *   another object opens, such as a collection that a client has handed out, is not: `@lifeguard/register` does that.
 *
 * Before Node.js 24 a program pays for each promise while async contexts are followed, see `captureSockets`.
 *
 * @param options what is left out comes from the environment, then from the defaults
 * @returns what the function returns; for a client a proxy of it, the client itself with `LIFEGUARD_ENABLED` off
 * @throws what the function throws; {ConfigError} if an option or a variable can't be used
 */
export function guard<T extends object>(client: T, options?: Partial<TcpOptions>): T extends () => infer R ? R : T;
export function guard(target: object, options?: Partial<TcpOptions>): unknown {
  const tcp = resolveTcpOptions(options);
  const capture = openCapture((socket) => harden(socket, tcp));
  if (isPlainFunction(target)) return capture.run(target);
  return isEnabled() ? withMethodsIn(capture, target) : target;
}

/** A driver's client can be a function too, with methods on it: postgres.js's is. */
function isPlainFunction(target: object): target is () => unknown {
  return typeof target === 'function' && Object.keys(target).length === 0;
}

function withMethodsIn<T extends object>(capture: Capture, client: T): T {
  /** So that a method is the same each time it is asked for. */
  const methods = new WeakMap<Callable, Callable>();
  const captured = (method: Callable) => {
    const known = methods.get(method) ?? inCapture(capture, method, client, face);
    methods.set(method, known);
    return known;
  };
  const face: T = new Proxy(client, {
    // Of the client itself, not of its face: what is private can be reached through it alone.
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' && !isFixed(target, property) ? captured(value as Callable) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
    apply: (target, self, args) => capture.run(() => Reflect.apply(target as Callable, self, args)),
  });
  return face;
}

function inCapture(capture: Capture, method: Callable, client: object, face: object): Callable {
  return new Proxy(method, {
    apply(target, self, args) {
      const result: unknown = capture.run(() => Reflect.apply(target, self === face ? client : self, args));
      return result === client ? face : result;
    },
  });
}

/** A proxy must not show another value of these. */
function isFixed(target: object, property: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, property);
  return own !== undefined && !own.configurable && own.writable === false;
}
