import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEngine } from "@vlm-export/engine";
import {
  graphAttribute,
  intAttribute,
  intsAttribute,
  onnxGraph,
  onnxNode,
  onnxTensor,
  onnxValue,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { memoryTensor, type TensorData } from "@vlm-export/ir";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Opset 9 in both branches: axes and bounds as attributes, Softmax over all axes behind its own, Dropout with a ratio. */
async function branches(): Promise<string> {
  const path = join(folder.path, "branches.onnx");
  const branch = (name: string, nodes: Parameters<typeof onnxGraph>[0]["nodes"]) =>
    graphAttribute(`${name}_branch`, onnxGraph({ name, outputs: [onnxValue(name, "f32", [2, 4])], nodes }));
  const axes = intsAttribute("axes", [0]);
  const model = smallModel(
    {
      name: "branches",
      inputs: [onnxValue("x", "f32", [2, 4])],
      outputs: [onnxValue("y", "f32", [2, 4])],
      initializers: [onnxTensor("w", "f32", [4, 4], ramp(16)), onnxTensor("zero", "f32", [], f32([0]))],
      nodes: [
        onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["m"] }),
        onnxNode({ opType: "ReduceSum", inputs: ["m"], outputs: ["sum"], attributes: [intAttribute("keepdims", 0)] }),
        onnxNode({ opType: "Greater", inputs: ["sum", "zero"], outputs: ["isPositive"] }),
        onnxNode({
          opType: "If",
          inputs: ["isPositive"],
          outputs: ["y"],
          attributes: [
            branch("then", [
              onnxNode({ opType: "Unsqueeze", inputs: ["m"], outputs: ["u"], attributes: [axes] }),
              onnxNode({ opType: "Softmax", inputs: ["u"], outputs: ["s"], attributes: [intAttribute("axis", 1)] }),
              onnxNode({ opType: "Squeeze", inputs: ["s"], outputs: ["then"], attributes: [axes] }),
            ]),
            branch("else", [
              onnxNode({ opType: "ReduceMax", inputs: ["m"], outputs: ["most"], attributes: [intsAttribute("axes", [1])] }),
              onnxNode({ opType: "Dropout", inputs: ["m"], outputs: ["kept"] }),
              onnxNode({ opType: "Sub", inputs: ["kept", "most"], outputs: ["else"] }),
            ]),
          ],
        }),
      ],
    },
    9,
    4,
  );
  await writeOnnx(model, path);
  return path;
}

test("operators of an old opset inside branches are those of the artifact's opset, and compute the same", async () => {
  const source = await branches();
  const recipe = join(folder.path, "float.yaml");
  writeFileSync(recipe, "version: 1\nrules: []\n");
  const out = join(folder.path, "dist");
  expect(vlmExport([source, "-r", recipe, "-t", "onnx-qdq", "-o", out]).code).toBe(0);
  const engine = await createEngine();
  try {
    const sessions = await Promise.all([source, join(out, "onnx-qdq/model.onnx")].map((path) => engine.openFile(path)));
    for (const sign of [1, -1]) {
      const x = memoryTensor("f32", [2, 4], f32(Array.from({ length: 8 }, (_, i) => sign * Math.sin(i + 1) * 3)));
      const [before, after] = await Promise.all(sessions.map(async (session) => (await session.run(new Map([["x", x]]))).outputs.get("y")));
      expect(floats(after)).toEqual(floats(before));
      expect(new Set(floats(before)).size).toBeGreaterThan(6);
    }
    for (const session of sessions) await session.close();
  } finally {
    engine.close();
  }
});

function floats(tensor: TensorData | undefined): number[] {
  return [...new Float32Array((tensor as TensorData).bytes().slice().buffer)];
}
