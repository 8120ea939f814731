import { millisLeft, type WaitLimit } from '@lifeguard/pool/client';
import { NotConnectedError } from './errors.js';

/** What a Sentinel client does with a client of the master, once it has one. */
type Use = (client: unknown) => Promise<unknown>;

/** What is needed of a Sentinel client of node-redis. */
interface SentinelClient {
  readonly _self: SentinelClient;
  /** All commands, pipelines and transactions go through it, but those of `use` and `acquire`. */
  _execute(isReadonly: boolean | undefined, use: Use): Promise<unknown>;
}

/**
 * From here on no command waits for a master for longer than the limit. node-redis has it wait until the Sentinels name one that can
 * be connected to, without a limit, and also sends it again until then.
 */
export function limitSentinelWaits(sentinel: object, limit: WaitLimit): void {
  const self = (sentinel as SentinelClient)._self;
  const { _execute: execute } = self;
  self._execute = function limited(this: SentinelClient, isReadonly, use) {
    return new Promise((resolve, reject) => {
      let isTold = false;
      let timer: NodeJS.Timeout;
      const wait = (cause?: unknown) => {
        const tell = () => {
          isTold = true;
          reject(new NotConnectedError(limit.millis, cause));
        };
        timer = setTimeout(tell, millisLeft(cause, limit));
      };
      const useInTime: Use = async (client) => {
        if (isTold) throw new NotConnectedError(limit.millis);
        clearTimeout(timer);
        try {
          return await use(client);
        } catch (error) {
          wait(error);
          throw error;
        }
      };
      wait();
      execute
        .call(this, isReadonly, useInTime)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  };
}
