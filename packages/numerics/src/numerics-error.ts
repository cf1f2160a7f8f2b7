/** What a {@link NumericsError} says besides its message. */
export interface NumericsErrorDetails {
  /** Stable error code, `VX-<AREA>-<WORDS>`. */
  readonly code: `VX-${string}`;
  /** What is wrong, with names and numbers, and what was expected. */
  readonly message: string;
  /** What the user can do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Arguments that a kernel cannot work on, or a missing kernel build. The only error this package throws at bad input. */
export class NumericsError extends Error {
  override readonly name = "NumericsError";
  readonly code: `VX-${string}`;
  readonly hint: string | undefined;

  constructor(details: NumericsErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint;
  }
}
