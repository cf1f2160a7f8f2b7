import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  intAttribute,
  type OnnxAttribute,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { type Diagnostic, type Graph, onlyComponent } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { importOnnx } from "../../index.js";

interface Form {
  readonly mask?: readonly (number | string)[];
  readonly past?: readonly (number | string)[];
  readonly heads?: number;
  readonly attributes?: readonly OnnxAttribute[];
}

/** Two layers of one form on the same input; the mask and the past are graph inputs. */
async function imported({
  mask,
  past,
  heads = 2,
  attributes = [],
}: Form): Promise<{ readonly graph: Graph; readonly found: readonly Diagnostic[] }> {
  const folder = mkdtempSync(join(tmpdir(), "attention-"));
  const path = join(folder, "model.onnx");
  const layer = (name: string) => ({
    ...onnxNode({
      opType: "Attention",
      inputs: ["x", "w", "", mask ? "m" : "", past ? "p" : ""],
      outputs: [name],
      attributes: [intAttribute("num_heads", heads), ...attributes],
    }),
    name,
    domain: "com.microsoft",
  });
  const graph = onnxGraph({
    name: "main",
    nodes: [layer("a"), layer("b")],
    inputs: [
      onnxValue("x", "f32", ["n", "s", 4]),
      ...(mask ? [onnxValue("m", "i32", mask)] : []),
      ...(past ? [onnxValue("p", "f32", past)] : []),
    ],
    initializers: [onnxTensor("w", "f32", [4, 12], new Uint8Array(192))],
    outputs: ["a", "b"].map((name) => onnxValue(name, "f32", undefined)),
  });
  const opsetImports = [
    { domain: "", version: 17 },
    { domain: "com.microsoft", version: 1 },
  ];
  const found: Diagnostic[] = [];
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports, graph }), path);
  const model = await importOnnx(path, { ops: standardOps(), report: (finding) => found.push(finding) });
  rmSync(folder, { recursive: true });
  return { graph: onlyComponent(model), found };
}

const opsOf = (graph: Graph): readonly string[] => graph.nodes.map(({ op }) => op);

test("the sizes behind an Attention are known, those with a past included", async () => {
  const { graph, found } = await imported({
    mask: ["n", "p+s"],
    past: [2, "n", 2, "p", 2],
    attributes: [intAttribute("unidirectional", 1)],
  });
  expect(found).toEqual([]);
  expect(graph.outputs.map(({ type }) => type.shape)).toEqual([
    ["n", "s", 4],
    ["n", "s", 4],
  ]);
  const scores = graph.nodes.find(({ op }) => op === "Softmax");
  expect(scores?.outputs[0]?.type.shape).toEqual(["n", 2, "s", "p+s"]);
});

test("of a square mask, the rows of the queries and the columns of the keys are used", async () => {
  const { graph } = await imported({ mask: ["n", 1, 32, 32], past: [2, "n", 2, "p", 2] });
  const used = graph.nodes.find(({ op }) => op === "Greater");
  expect(used?.inputs[0]?.producer?.op).toBe("Slice");
  expect(graph.outputs[0]?.type.shape).toEqual(["n", "s", 4]);
});

test("a mask with one axis has the form that its extent says", async () => {
  expect(opsOf((await imported({ mask: ["n"] })).graph)).not.toContain("com.microsoft::Attention");
  expect(opsOf((await imported({ mask: ["2*n"] })).graph).filter((op) => op === "Less")).toHaveLength(4);
});

test.each<readonly [string, Form, string]>([
  ["a mask of unknown form", { mask: ["k"] }, "its mask has one axis of k elements, from which, at batch n, its form cannot be told"],
  ["rotary embedding", { attributes: [intAttribute("do_rotary", 1)] }, "attribute do_rotary turns queries and keys inside the operator"],
  [
    "a shared buffer",
    { attributes: [intAttribute("past_present_share_buffer", 1)] },
    "attribute past_present_share_buffer writes keys and values in place",
  ],
  ["unequal heads", { heads: 3 }, "the sizes of queries, keys and values are not known from its weights (12) and 3 heads"],
])("layers with %s stay as they are, and one warning says why", async (_, form, reason) => {
  const { graph, found } = await imported(form);
  expect(opsOf(graph)).toEqual(["com.microsoft::Attention", "com.microsoft::Attention"]);
  expect(found).toMatchObject([{ code: "VX-IMPORT-OPAQUE", severity: "warning" }]);
  expect(found[0]?.message).toBe(
    `com.microsoft::Attention: 2 nodes ("a", "b") stay one operator: ${reason}. Its weights stay float, and only ONNX targets can hold it.`,
  );
});
