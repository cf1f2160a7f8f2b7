import { VxError } from "./diagnostic.js";

/** The nodes of a graph form a cycle through the named node. */
export function importCycle(node: string): VxError {
  return new VxError({
    code: "VX-IMPORT-CYCLE",
    severity: "error",
    message: `the graph has a cycle through node ${JSON.stringify(node)}; a model graph must be acyclic.`,
    hint: "Export the model again; a cycle cannot be run by any engine.",
    where: { stage: "import", node },
  });
}

/** Two values or two nodes of one graph have the same name. */
export function importDuplicateName(kind: "value" | "node", name: string): VxError {
  return new VxError({
    code: "VX-IMPORT-DUPLICATE-NAME",
    severity: "error",
    message: `${kind} name ${JSON.stringify(name)} occurs twice; names must be unique in a graph.`,
    where: { stage: "import", [kind]: name },
  });
}

/** A text form of the IR that does not parse. */
export function importIrText(line: number, message: string): VxError {
  return new VxError({
    code: "VX-IMPORT-IR-TEXT",
    severity: "error",
    message,
    where: { stage: "import", line },
  });
}

/** The system gives no more files, memory or threads. */
export function toolLimit({ what, hint }: { readonly what: string; readonly hint: string }, said: string, cause: unknown): VxError {
  const { stage } = cause instanceof VxError ? cause.diagnostic.where : { stage: "report" as const };
  return new VxError(
    { code: "VX-TOOL-LIMIT", severity: "error", message: `a limit of the system is reached, ${what}: ${said}.`, hint, where: { stage } },
    { cause, kind: "tool" },
  );
}
