import { once } from 'node:events';
import type { Socket } from 'node:net';
import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  makeGenericClientConstructor,
  type requestCallback,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type Certificate, selfSignedCertificate } from '@lifeguard/lab';
import { onClientSocket } from '@lifeguard/tcp';
import { onTestFinished } from 'vitest';
import type { ClientClass } from './client.js';

/** `hang` is never answered; `refuse` is, with an error. */
export interface Words {
  readonly text: string;
}

/** With the types that generators of code give to a client. */
export interface EchoClient extends Client {
  say(request: Words, callback: requestCallback<Words>): ClientUnaryCall;
  say(request: Words, metadata: Metadata, callback: requestCallback<Words>): ClientUnaryCall;
  say(
    request: Words,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: requestCallback<Words>,
  ): ClientUnaryCall;
  collect(callback: requestCallback<Words>): ClientWritableStream<Words>;
  repeat(request: Words, options?: Partial<CallOptions>): ClientReadableStream<Words>;
  chat(metadata?: Metadata, options?: Partial<CallOptions>): ClientDuplexStream<Words, Words>;
}

const encode = (words: Words) => Buffer.from(JSON.stringify(words));
const decode = (bytes: Buffer): Words => JSON.parse(bytes.toString());

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Words, Words> {
  return {
    path: `/echo.Echo/${name}`,
    ...{ requestStream, responseStream },
    ...{ requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode },
  };
}

const ECHO = {
  say: method('Say', false, false),
  collect: method('Collect', true, false),
  repeat: method('Repeat', false, true),
  chat: method('Chat', true, true),
};

export const EchoClient = makeGenericClientConstructor(ECHO, 'Echo') as unknown as ClientClass<EchoClient>;

export function refusal(): Metadata {
  const metadata = new Metadata();
  metadata.set('reason', 'asked for');
  return metadata;
}

const IMPLEMENTATION = {
  say({ request }: ServerUnaryCall<Words, Words>, answer: sendUnaryData<Words>) {
    if (request.text === 'hang') return;
    if (request.text === 'refuse') {
      answer({ code: status.FAILED_PRECONDITION, details: 'not like this', metadata: refusal() });
    } else answer(null, request);
  },
  collect(call: ServerReadableStream<Words, Words>, answer: sendUnaryData<Words>) {
    const texts: string[] = [];
    call.on('data', ({ text }: Words) => texts.push(text));
    call.on('end', () => answer(null, { text: texts.join(' ') }));
  },
  repeat(call: ServerWritableStream<Words, Words>) {
    call.write(call.request);
    if (call.request.text === 'hang') return;
    call.write(call.request);
    call.end();
  },
  chat(call: ServerDuplexStream<Words, Words>) {
    call.on('data', (words: Words) => call.write(words));
    call.on('end', () => call.end());
  },
};

export interface EchoServer {
  readonly port: number;
  readonly address: string;
  /** Closes all connections at once, and listens no more. */
  kill(): void;
  /** Finishes what is under way, and says goodbye. */
  shutDown(): Promise<void>;
}

export async function startEcho({ tls = false, port = 0 } = {}): Promise<EchoServer> {
  const server = new Server();
  server.addService(ECHO, IMPLEMENTATION);
  const { key, certificate } = testCertificate();
  const secrets = [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }];
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${port}`,
      tls ? ServerCredentials.createSsl(null, secrets) : ServerCredentials.createInsecure(),
      (error, given) => (error ? reject(error) : resolve(given)),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return {
    port: bound,
    address: `127.0.0.1:${bound}`,
    kill: () => server.forceShutdown(),
    shutDown: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
  };
}

let shared: Certificate | undefined;

function testCertificate(): Certificate {
  shared ??= selfSignedCertificate(['localhost', '127.0.0.1']);
  return shared;
}

export function trusting() {
  return credentials.createSsl(Buffer.from(testCertificate().certificate));
}

/** The sockets that the test opens, from now on. */
export function openedSockets(): readonly Socket[] {
  const sockets: Socket[] = [];
  onTestFinished(onClientSocket((socket) => sockets.push(socket)));
  return sockets;
}

export function say(client: EchoClient, text: string, options: Partial<CallOptions> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    client.say({ text }, new Metadata(), options, (error, answer) => {
      if (error) reject(error);
      else resolve(answer?.text ?? '');
    });
  });
}

export async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close').catch(() => {});
}
