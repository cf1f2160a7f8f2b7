import { quoted } from "../errors.js";
import type { ImportContext } from "./import-context.js";

/** Says which graph inputs were taken as the constants that they have as defaults. */
export function reportDefaults(names: readonly string[], context: ImportContext): void {
  if (names.length === 0) return;
  const shown = names.slice(0, 3).map(quoted).join(", ");
  context.report({
    code: "VX-IMPORT-INPUT-DEFAULT",
    severity: "info",
    message: `${names.length} graph inputs with a default (${shown}${names.length > 3 ? ", …" : ""}) became constants.`,
    where: { stage: "import", file: context.file },
  });
}

/** Says what of the file has no place in the IR and does not change what the model computes. */
export function reportDropped(what: string, context: ImportContext): void {
  context.report({
    code: "VX-IMPORT-DROPPED",
    severity: "info",
    message: `${what} of the model file is not kept: it does not take part in inference.`,
    where: { stage: "import", file: context.file },
  });
}
