/** Something that the lab was asked to do and could not. The message says what and why. */
export class LabError extends Error {
  readonly code: string = 'ERR_LAB';
  override readonly name: string = 'LabError';
}

/** No lab can be made on this machine. The message is one line that says why, and what to do about it. */
export class LabUnavailableError extends LabError {
  override readonly code = 'ERR_LAB_UNAVAILABLE';
  override readonly name = 'LabUnavailableError';
}
