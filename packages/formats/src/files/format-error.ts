/** Where and how a file is wrong, and what to do about it. */
export interface FormatErrorDetails {
  readonly code: `VX-${string}`;
  /** What is wrong, with names and numbers, and what was expected. */
  readonly message: string;
  readonly path?: string | undefined;
  /** Byte offset in the file at `path`. */
  readonly offset?: number | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that this package throws on bad files. Its fields stay structured so that callers can wrap it into a diagnostic. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly code: `VX-${string}`;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly hint: string | undefined;

  constructor(details: FormatErrorDetails) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.path = details.path;
    this.offset = details.offset;
    this.hint = details.hint;
  }
}
