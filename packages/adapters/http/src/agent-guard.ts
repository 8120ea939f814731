import type { Agent } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ResolvedOptions } from './options.js';
import { noteAnswer, Peers } from './peers.js';

type OnCreate = (error: Error | null, stream: Duplex) => void;

/** What Node.js calls on an agent, and its types don't have, or only of late. */
interface AgentInternals extends Agent {
  scheduling: 'fifo' | 'lifo';
  addRequest(...args: unknown[]): void;
  getName(options?: object): string;
}

/**
 * Has an agent of Node.js harden the sockets that it opens, limit the time of each connect, and ask the kernel before it writes a
 * request to a socket that was used before. Its methods are wrapped and not overridden: a subclass that has its own is guarded too.
 */
export function guard(agent: Agent, { tcp, connectTimeoutMillis }: ResolvedOptions): void {
  const internals = agent as AgentInternals;
  const peers = new Peers(tcp);
  const { createConnection, addRequest, getName } = internals;
  const adopt = (stream: Duplex | null | undefined): void => {
    // A subclass may speak over a stream of its own.
    if (!(stream instanceof Socket)) return;
    peers.adopt(stream);
    if (stream.connecting) limitConnect(stream, connectTimeoutMillis);
  };

  internals.createConnection = (options, callback) => {
    const onCreate: OnCreate | undefined =
      callback &&
      ((error, stream) => {
        adopt(stream);
        callback(error, stream);
      });
    const stream = createConnection.call(agent, options, onCreate);
    adopt(stream);
    return stream;
  };

  // The first name that Node.js asks for is the one under which it then takes an idle socket (lib/_http_agent.js, addRequest). If
  // another version did that in another order, sockets would be taken as ever.
  let choosing = false;
  internals.addRequest = (...args) => {
    choosing = true;
    try {
      addRequest.apply(agent, args);
    } finally {
      choosing = false;
    }
  };
  // For each socket that becomes free Node.js asks twice, and the name is built out of all the options each time.
  let freed: object | undefined;
  let freedName = '';
  internals.getName = (options) => {
    if (options !== undefined && options === freed) return freedName;
    const name = getName.call(agent, options);
    if (choosing) {
      choosing = false;
      throwOutUntrusted(internals, peers, name);
    }
    return name;
  };

  // A socket whose answer is complete goes straight to a request that waits for one: Node.js passes over what is destroyed.
  // One listener in the place of Node.js's own: an emitter copies a list of two each time.
  const listeners = agent.rawListeners('free');
  agent.removeAllListeners('free');
  agent.on('free', (stream: Duplex, options?: object) => {
    // The peer may have closed it with its answer, and then nobody has heard of it yet.
    const isToBeAsked = !noteAnswer(stream) && hasKeys(agent.requests);
    if (isToBeAsked && stream instanceof Socket && !peers.isTrusted(stream)) stream.destroy();
    freedName = getName.call(agent, options);
    freed = options;
    try {
      for (const listener of listeners) listener.call(agent, stream, options);
    } finally {
      freed = undefined;
    }
  });
}

/** Looks at the idle socket that is next, until it is one to be trusted. */
function throwOutUntrusted(agent: AgentInternals, peers: Peers, name: string): void {
  const idle = agent.freeSockets[name];
  if (idle === undefined) return;
  for (let left = idle.length; left > 0; left -= 1) {
    const next = idle.at(agent.scheduling === 'fifo' ? 0 : -1);
    if (next === undefined || peers.isReusable(next)) return;
    next.destroy();
    // Or its place would be taken until it has closed, in a later turn of the event loop.
    next.emit('agentRemove');
  }
}

/** The kernel repeats a SYN for two minutes, and no user timeout can be set before it does. */
function limitConnect(socket: Socket, millis: number): void {
  const timer = setTimeout(() => socket.destroy(unanswered(millis)), millis);
  const clear = () => clearTimeout(timer);
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', clear);
  socket.once('close', clear);
}

function unanswered(millis: number): Error {
  const error = new Error(`connect ETIMEDOUT (not connected after ${millis} ms)`);
  return Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' });
}

function hasKeys(dictionary: object): boolean {
  for (const _ in dictionary) return true;
  return false;
}
