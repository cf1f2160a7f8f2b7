import { type DType, type Dim, f32Tensor, GraphEditor, i64Tensor, type TensorData, type Value } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { loadSamples } from "./load-samples.js";
import { randomForms } from "./random-forms.js";

const ops = standardOps();

function graphOf(
  inputs: Readonly<Record<string, readonly [DType, ...Dim[]]>>,
  build?: (edit: GraphEditor, inputs: ReadonlyMap<string, Value>) => void,
) {
  const edit = new GraphEditor(ops, "main");
  const values = new Map(Object.entries(inputs).map(([name, [dtype, ...shape]]) => [name, edit.addInput(name, { dtype, shape })]));
  build?.(edit, values);
  return edit.graph;
}

const table = (edit: GraphEditor, rows: number): Value =>
  edit.addConstant(edit.freshName("table"), f32Tensor(new Float32Array(rows * 2), [rows, 2]));

function numbers(data: TensorData | undefined): readonly number[] {
  return Array.from(new BigInt64Array(data!.bytes().slice().buffer), Number);
}

/** An Optimum-like decoder with a cache. */
const decoder = graphOf(
  {
    input_ids: ["i64", "batch_size", "sequence_length"],
    attention_mask: ["i64", "batch_size", "past_sequence_length + sequence_length"],
    position_ids: ["i64", "batch_size", "sequence_length"],
    token_type_ids: ["i64", "batch_size", "sequence_length"],
    "past.0.key": ["f32", "batch_size", 4, "past_sequence_length", 16],
  },
  (edit, inputs) => {
    const ids = edit.insert("Reshape", [inputs.get("input_ids")!, edit.addConstant("flat", i64Tensor([-1]))])[0]!;
    edit.insert("Gather", [table(edit, 50), ids]);
    edit.insert("Gather", [table(edit, 40), ids]);
    edit.insert("Gather", [table(edit, 12), inputs.get("position_ids")!]);
    edit.insert("Gather", [table(edit, 3), inputs.get("token_type_ids")!]);
  },
);

test("symbols get small extents that agree between inputs, and integers what the model does with them", () => {
  expect(Object.fromEntries(randomForms(decoder))).toEqual({
    input_ids: { shape: [1, 8], values: { kind: "indices", count: 40 } },
    attention_mask: { shape: [1, 16], values: { kind: "ones" } },
    position_ids: { shape: [1, 8], values: { kind: "positions", start: 8, count: 12 } },
    token_type_ids: { shape: [1, 8], values: { kind: "indices", count: 3 } },
    "past.0.key": { shape: [1, 4, 8, 16], values: { kind: "any" } },
  });
});

test("random samples keep to the forms: ids spread over the smallest table, masks are ones, positions go on", async () => {
  const samples = await loadSamples("random", { inputs: decoder.inputs, forms: randomForms(decoder), limit: 20 });
  const ids: number[] = [];
  for await (const { tensors } of samples) {
    ids.push(...numbers(tensors.get("input_ids")));
    expect(numbers(tensors.get("attention_mask"))).toEqual(Array.from({ length: 16 }, () => 1));
    expect(numbers(tensors.get("position_ids"))).toEqual([8, 9, 10, 11, 0, 1, 2, 3]);
    expect(tensors.get("past.0.key")?.shape).toEqual([1, 4, 8, 16]);
  }
  expect([Math.min(...ids) >= 0, Math.max(...ids) < 40, new Set(ids).size > 20]).toEqual([true, true, true]);
});

test("shapes that an artifact takes win over made-up extents", () => {
  const forms = randomForms(graphOf({ x: ["i64", "batch", "seq"], mask: ["f32", "batch", "seq"] }), new Map([["x", [2, 3]]]));
  expect([...forms.values()].map(({ shape }) => shape)).toEqual([
    [2, 3],
    [2, 3],
  ]);
});

test.each([
  ["an extent that nothing tells", graphOf({ x: ["f32", "n", 3, "height", "width"] }), /"x": no extent is known .* "height"/],
  [
    "an unknown rank",
    graphOf({ y: ["f32"] }, (edit, inputs) => edit.retype(inputs.get("y")!, { dtype: "f32", shape: undefined })),
    /known rank/,
  ],
  [
    "integers that state a shape",
    graphOf({ sizes: ["i64", 2] }, (edit, inputs) => edit.insert("Reshape", [table(edit, 2), inputs.get("sizes")!])),
    /"sizes": it states extents/,
  ],
] as const)("%s has no sound random data", (_, graph, message) => {
  expect(() => randomForms(graph)).toThrow(message);
});
