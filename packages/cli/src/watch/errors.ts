/** Why a process can't be watched, in one line that says what to do about it. */
export class WatchError extends Error {
  override readonly name: string = 'WatchError';
}

/** There is no such process, or none any more. */
export class NoProcessError extends WatchError {
  override readonly name = 'NoProcessError';

  constructor(pid: number) {
    super(`there is no process ${pid}`);
  }
}
