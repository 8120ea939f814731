import { expect, test } from 'vitest';
import { NoProcessError } from './errors.js';
import { ProcessFiles } from './process-files.js';
import { listSockets } from './ss.js';

const isLinux = process.platform === 'linux';
if (!isLinux) console.warn('left out: ss and nsenter, which only Linux has');

test.runIf(isLinux)('a process in another network that ends before that is entered has ended', async () => {
  class Ended extends ProcessFiles {
    override foreignNamespace(kind: 'net' | 'user'): string {
      return `/proc/${this.pid}/ns/${kind}`;
    }
  }
  await expect(listSockets(new Ended(4_194_305))).rejects.toThrow(NoProcessError);
});
