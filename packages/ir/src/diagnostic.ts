/** The twelve stages, in order; `report` is last. */
export type Stage =
  | "import"
  | "normalize"
  | "plan"
  | "calibrate"
  | "quantize"
  | "check"
  | "legalize"
  | "partition"
  | "lower"
  | "emit"
  | "verify"
  | "report";

/** Where a finding points: as much of it as is known. `line` and `column` are 1-based. */
export interface Where {
  readonly stage: Stage;
  readonly backend?: string;
  readonly component?: string;
  readonly node?: string;
  readonly value?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Byte offset in `file`. */
  readonly offset?: number;
}

/** One finding. `code` has a page in docs/errors.md; `hint` is the next command or recipe line. */
export interface Diagnostic {
  readonly code: `VX-${string}`;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly hint?: string;
  readonly where: Where;
}

/** Exit codes of the command line: what kind of failure a coded error is. */
export type FailureKind = "user" | "tool" | "verify" | "interrupted";

/** Marks the errors of every copy of this package: a plugin that is installed by itself brings a copy of its own. */
const BRAND: symbol = Symbol.for("vlm-export.VxError");

/**
 * An error that a user can act on. Anything else that escapes a stage is a bug (exit 70). `instanceof` also knows errors that another copy
 * of this package made.
 */
export class VxError extends Error {
  static {
    Object.defineProperty(VxError.prototype, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): value is VxError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  override readonly name = "VxError";
  readonly diagnostic: Diagnostic;
  /** All findings of the stage, the first of which is `diagnostic`. */
  readonly diagnostics: readonly Diagnostic[];
  readonly kind: FailureKind;

  constructor(diagnostics: Diagnostic | readonly Diagnostic[], options?: ErrorOptions & { readonly kind?: FailureKind }) {
    const all: readonly Diagnostic[] = Array.isArray(diagnostics) ? diagnostics : [diagnostics as Diagnostic];
    super(all[0]?.message ?? "no diagnostic", options);
    this.diagnostics = all;
    this.diagnostic = all[0] as Diagnostic;
    this.kind = options?.kind ?? "user";
  }
}

/** `error VX-… recipe.yaml:14:5 node "/x": message` with the hint on its own line: the format that the command prints. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { where } = diagnostic;
  const position = [where.file, where.line, where.column].filter((part) => part !== undefined).join(":");
  const parts = [
    diagnostic.severity,
    diagnostic.code,
    position || undefined,
    where.backend && `target ${where.backend}`,
    where.node !== undefined ? `node ${JSON.stringify(where.node)}` : undefined,
    where.value !== undefined ? `value ${JSON.stringify(where.value)}` : undefined,
  ].filter(Boolean);
  const offset = where.offset === undefined ? "" : ` (byte ${where.offset})`;
  const hint = diagnostic.hint ? `\n  hint: ${diagnostic.hint}` : "";
  return `${parts.join(" ")}: ${diagnostic.message}${offset}${hint}`;
}
