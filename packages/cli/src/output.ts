import { type Diagnostic, formatDiagnostic, printable, VxError } from "@vlm-export/ir";

/** Where a command's answer goes: text for people or, with --json, one JSON document; messages always go to stderr. */
export interface Output {
  /** The command's answer: `text` for people, `document` for --json. Called once. */
  answer(text: string, document: unknown): void;
  /** A finding, at once, on stderr (unless --json, where the document has it). */
  message(diagnostic: Diagnostic): void;
  /** The error that ended the command. */
  failure(error: unknown): void;
}

/** How a command's answer is printed. */
export interface OutputMode {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Where text goes. */
export interface Sinks {
  stdout(text: string): void;
  stderr(text: string): void;
}

const MAX_PRINTED = 20;

export function createOutput(options: OutputMode, sinks: Sinks): Output {
  const toStderr = (text: string): void => sinks.stderr(`${lines(text)}\n`);
  return {
    answer(text, document) {
      sinks.stdout(options.json ? `${JSON.stringify(document, null, 2)}\n` : lines(text.endsWith("\n") ? text : `${text}\n`));
    },
    message(diagnostic) {
      if (!options.json && (!options.quiet || diagnostic.severity === "error")) toStderr(formatDiagnostic(diagnostic));
    },
    failure(error) {
      if (options.json) sinks.stdout(`${JSON.stringify({ ok: false, diagnostics: diagnosticsOf(error) }, null, 2)}\n`);
      else printFailure(error, toStderr);
    },
  };
}

/** No name from a file reaches the terminal as a command to it. */
function lines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function printFailure(error: unknown, print: (text: string) => void): void {
  if (!(error instanceof VxError)) {
    print(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    print(
      "This is a bug of vlm-export. Please report it with the text above; `vlm-export inspect MODEL --ir` prints a small reproduction.",
    );
    return;
  }
  for (const diagnostic of error.diagnostics.slice(0, MAX_PRINTED)) print(formatDiagnostic(diagnostic));
  if (error.diagnostics.length > MAX_PRINTED) print(`… and ${error.diagnostics.length - MAX_PRINTED} more`);
}

function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof VxError) return error.diagnostics;
  return [
    {
      code: "VX-BUG",
      severity: "error",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      where: { stage: "report" },
    },
  ];
}
