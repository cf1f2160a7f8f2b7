import type { Value } from "@vlm-export/ir";
import type { Lowering } from "./lowering.js";

/** Operators whose results are never negative. */
const COUNTS: ReadonlySet<string> = new Set(["ArgMax", "ArgMin", "Shape", "Size", "NonZero"]);

/**
 * Indices that are computed at run time, for kernels that do not count from the end: to those below 0 `extents` are added, one for
 * all or one per index along the last axis.
 */
export function fromStart(lowering: Lowering, indices: Value, name: string, extents: readonly number[]): number {
  const index = lowering.read(indices, "float");
  if (COUNTS.has(indices.producer?.op ?? "")) return index;
  const { program } = lowering;
  const shape = lowering.shape(indices);
  const scratch = (step: string, type: "INT32" | "BOOL" = "INT32") => program.tensor({ name: `${name}_${step}`, type, shape });
  const [isNegative, fromEnd, chosen] = [scratch("is_negative", "BOOL"), scratch("from_end"), scratch("chosen")] as const;
  lowering.emit("LESS", [index, program.indices([0], [])], [isNegative], { kind: "LessOptions" });
  lowering.emit("ADD", [index, program.indices(extents, extents.length > 1 ? [extents.length] : [])], [fromEnd], {
    kind: "AddOptions",
    fusedActivationFunction: "NONE",
    potScaleInt16: false,
  });
  lowering.emit("SELECT_V2", [isNegative, fromEnd, index], [chosen], { kind: "SelectV2Options" });
  return chosen;
}
