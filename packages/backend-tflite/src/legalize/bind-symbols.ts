import type { Pass, Value } from "@vlm-export/ir";
import { lowerStatic, lowerSymbols } from "../errors.js";

/**
 * A symbol that is nothing but the first extent of inputs (a batch) becomes 1, as TFLite kernels want numbers; all other shapes follow.
 * Throws VX-LOWER-TFLITE-SYMBOL at any other: a picture or text of extent 1 is never what a model is for.
 */
export const bindSymbols: Pass = {
  name: "tflite/bind-symbols",

  run(edit, context) {
    const { inputs, name } = edit.graph;
    const inner = new Set(inputs.flatMap((input) => symbolsOf(input, 1)));
    const refused = inputs.filter((input) => symbolsOf(input).some((symbol) => inner.has(symbol)));
    if (refused.length > 0) throw lowerSymbols(name, inner, refused);
    const batches = new Set(inputs.flatMap((input) => symbolsOf(input)));
    if (batches.size === 0) return { modified: false };
    for (const value of inputs) {
      const shape = value.type.shape?.map((extent) => (typeof extent === "number" ? extent : 1));
      edit.retype(value, { ...value.type, shape });
    }
    context.report(lowerStatic(name, batches));
    return { modified: true };
  },
};

/** The symbols among the extents of an input, from axis `first` on. */
function symbolsOf({ type }: Value, first = 0): readonly string[] {
  return (type.shape ?? []).slice(first).flatMap((extent) => (typeof extent === "string" ? [extent] : []));
}
