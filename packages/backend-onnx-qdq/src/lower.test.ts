import { type Diagnostic, f32Tensor, GraphEditor, memoryTensor, type Model } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { lower } from "./lower.js";

const ops = standardOps();

/** x · w with w of 4 bits. */
function int4Product(): Model {
  const edit = new GraphEditor(ops, "main");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 2] });
  const quant = { storage: "i4", range: [-7, 7], granularity: "tensor", mode: "static", scale: f32Tensor([1], [1, 1]) } as const;
  const w = edit.addConstant("w", memoryTensor("i4", [2, 2], Uint8Array.of(0x21, 0x43)), { dtype: "f32", shape: [2, 2], quant });
  const [y] = edit.insert("MatMul", [x, w]);
  edit.addOutput(y!);
  return { name: "m", components: new Map([["main", edit.graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
}

test.each([
  [13, ["the model is written in opset 21, which its integers need, and not in opset 13."]],
  [21, []],
  [24, []],
])("an older opset than the integers have is told: %i", (opset, told) => {
  const found: Diagnostic[] = [];
  lower(int4Product(), {
    ops,
    options: { opset, externalData: "never", zeroPoints: "always", signedness: "auto" },
    tmpDir: "",
    report: (finding) => found.push(finding),
    createFile: () => Promise.reject(new Error("nothing is emitted")),
    exec: () => Promise.reject(new Error("nothing is run")),
  });
  expect(found.map(({ message }) => message)).toEqual(told);
});
