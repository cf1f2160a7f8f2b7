import { type CompatRule, defineBackend } from "@vlm-export/backend-api";
import { f32Tensor, GraphEditor, memoryTensor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { checkComponent } from "./check-target.js";

const rules: readonly CompatRule[] = [
  { id: "test/no-neg", op: "Neg", units: ["cpu"], verdict: "reject", reason: "Neg has no kernel.", source: "this test" },
  {
    id: "test/no-integers",
    op: "*",
    units: ["cpu"],
    when: { dtypes: { "0": ["i8"] } },
    verdict: "reject",
    reason: "No integer kernels.",
    source: "this test",
  },
  { id: "test/all", op: "*", units: ["cpu"], verdict: "native", reason: "Anything else.", source: "this test" },
];

const backend = defineBackend({
  name: "test",
  apiVersion: 1,
  capabilities: { units: ["cpu"], weights: [], activations: [], granularities: [], blockSizes: [], rules, optionsSchema: {} },
  lower: () => undefined,
  emit: async () => ({ formatVersion: "1", tensors: [] }),
  decode: async () => ({ decoder: "test", tensors: [] }),
});

test("float is advised only where the target takes the operator in float", () => {
  const edit = new GraphEditor(standardOps(), "main");
  const quant = { storage: "i8", range: [-128, 127], granularity: "tensor", mode: "static", scale: f32Tensor([1], [1]) } as const;
  const x = edit.addConstant("x", memoryTensor("i8", [2], new Uint8Array(2)), { dtype: "f32", shape: [2], quant });
  for (const op of ["Neg", "Relu"]) edit.insert(op, [x]);
  const hints = checkComponent(backend, "main", edit.graph).rejections.map(({ hint }) => hint);
  expect(hints).toEqual([expect.stringContaining("no form of it in float either"), expect.stringContaining("onLoss: fallback")]);
});
