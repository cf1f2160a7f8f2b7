import type { Pass, Value } from "@vlm-export/ir";

/** Every symbolic extent of an input (a batch) becomes 1, as TFLite kernels want numbers; all other shapes follow. */
export const bindSymbols: Pass = {
  name: "tflite/bind-symbols",

  run(edit, context) {
    const symbols = new Set(edit.graph.inputs.flatMap((value) => symbolsOf(value)));
    if (symbols.size === 0) return { modified: false };
    for (const value of edit.graph.inputs) {
      const shape = value.type.shape?.map((extent) => (typeof extent === "number" ? extent : 1));
      edit.retype(value, { ...value.type, shape });
    }
    context.report({
      code: "VX-LOWER-TFLITE-STATIC",
      severity: "info",
      message: `the artifact takes ${[...symbols].join(", ")} = 1: TFLite kernels work on fixed shapes.`,
      where: { stage: "legalize", backend: "tflite", component: edit.graph.name },
    });
    return { modified: true };
  },
};

function symbolsOf(value: Value): readonly string[] {
  return (value.type.shape ?? []).flatMap((extent) => (typeof extent === "string" ? [extent] : []));
}
