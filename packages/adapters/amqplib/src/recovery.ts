import type { EventEmitter } from 'node:events';
import type { ReconnectPace } from '@lifeguard/tcp/client';

/** Sees to it that errors of a connection which nobody listens to end nothing. */
export type Hear = (model: EventEmitter) => unknown;

/** What is looked at among the options of a recovery. */
export interface RecoveryOptions {
  readonly setup?: Setup | undefined;
  readonly initialDelay?: number | undefined;
  readonly maxDelay?: number | undefined;
  readonly factor?: number | undefined;
  readonly jitter?: number | undefined;
  readonly calculateDelay?: ((attempt: number) => number) | undefined;
}

/** Prepares each new connection, with a promise or, of two parameters, with a callback. */
type Setup = (model: EventEmitter, done?: (error?: unknown) => void) => unknown;

const PAUSES = ['initialDelay', 'maxDelay', 'factor', 'jitter', 'calculateDelay'] as const;

/**
 * Options of amqplib's recovery by which the network's return is noticed within a second, and a server that declines is spared;
 * pauses of the caller's own go before that. Each connection is heard before `setup` has it: until that is done amqplib does not
 * listen to it, so that a queue declared otherwise than it is would end the process.
 */
export function recovering(given: RecoveryOptions | true, pace: ReconnectPace, hear: Hear): RecoveryOptions {
  const options = given === true ? {} : given;
  const isPaced = PAUSES.some((option) => options[option] !== undefined);
  const calculateDelay = (attempt: number) => pace.pause(attempt);
  return { ...options, ...(!isPaced && { calculateDelay }), setup: (model) => prepare(model, options.setup, hear) };
}

async function prepare(model: EventEmitter, setup: Setup | undefined, hear: Hear): Promise<void> {
  hear(model);
  let ending: { readonly error: unknown } | undefined;
  model.once('close', (error: unknown) => {
    ending = { error };
  });
  if (typeof setup === 'function') await run(setup, model);
  // amqplib begins to listen only now, and would take a connection for open that has been lost meanwhile.
  if (ending) throw ending.error ?? new Error('Connection closed');
}

function run(setup: Setup, model: EventEmitter): unknown {
  if (setup.length < 2) return setup(model);
  return new Promise<void>((resolve, reject) => {
    setup(model, (error) => (error ? reject(error) : resolve()));
  });
}
