import type { Agent, ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ResolvedOptions } from './options.js';
import { isFresh, noteAnswer, Peers } from './peers.js';

type OnCreate = (error: Error | null, stream: Duplex) => void;

/** What Node.js calls on an agent, and its types don't have. */
interface AgentInternals extends Agent {
  addRequest(request: ClientRequest, options: object): void;
}

/** The options with which Node.js had a socket connected. */
const CONNECTED_WITH = Symbol('lifeguard.connected-with');

interface Adopted extends Socket {
  [CONNECTED_WITH]?: object;
}

/**
 * Has an agent of Node.js harden the sockets that it opens, limit the time of each connect, and ask the kernel before it writes a
 * request to a socket that was used before. Its methods are wrapped and not overridden: a subclass that has its own is guarded too.
 */
export function guard(agent: Agent, { tcp, connectTimeoutMillis }: ResolvedOptions): void {
  const peers = new Peers(tcp);
  const { createConnection, reuseSocket } = agent;
  const adopt = (stream: Duplex | null | undefined, options: object): void => {
    // A subclass may speak over a stream of its own, or give a socket both to the callback and back.
    if (!(stream instanceof Socket) || CONNECTED_WITH in stream) return;
    (stream as Adopted)[CONNECTED_WITH] = options;
    peers.adopt(stream);
    if (stream.connecting) limitConnect(stream, connectTimeoutMillis);
    checkFirstAnswers(stream, peers, agent);
  };

  agent.createConnection = (options, callback) => {
    const onCreate: OnCreate | undefined =
      callback &&
      ((error, stream) => {
        adopt(stream, options);
        callback(error, stream);
      });
    const stream = createConnection.call(agent, options, onCreate);
    adopt(stream, options);
    return stream;
  };

  agent.reuseSocket = (stream, request) => {
    const socket = stream as Adopted;
    const options = isFresh(socket) ? undefined : socket[CONNECTED_WITH];
    if (options === undefined || peers.isTrusted(socket)) reuseSocket.call(agent, socket, request);
    else replace(agent as AgentInternals, socket, request, options);
  };
}

/**
 * A socket whose answer is complete goes straight to a request that waits for one, if it is not destroyed. The peer may have closed it
 * with its answer, and then nobody has heard of it yet. One that does so, does it with its first answers; after these an answer is
 * itself the best sign of a peer, also of one that another socket has lost.
 */
function checkFirstAnswers(socket: Socket, peers: Peers, agent: Agent): void {
  const check = () => {
    if (noteAnswer(socket)) socket.off('free', check);
    else if (hasKeys(agent.requests) && !peers.isTrusted(socket)) socket.destroy();
  };
  socket.prependListener('free', check);
}

/**
 * Ends an idle socket that Node.js is about to give to a request, and has that request ask for another one.
 *
 * Node.js gives it nevertheless, by `onSocket` (lib/_http_agent.js, addRequest). The request asks with the options of the socket, as
 * one that has waited does when Node.js connects anew for it: they have the same name. It asks in the next tick, for each of
 * thousands of idle ones may be found closed, and a stack is not as deep.
 */
function replace(agent: AgentInternals, socket: Socket, request: ClientRequest, options: object): void {
  socket.destroy();
  request.onSocket = () => {
    Reflect.deleteProperty(request, 'onSocket');
    process.nextTick(() => agent.addRequest(request, options));
  };
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
