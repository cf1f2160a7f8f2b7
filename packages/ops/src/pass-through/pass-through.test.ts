import { encodeAttribute, intAttribute, intsAttribute, type OnnxAttribute } from "@vlm-export/formats/onnx";
import { type Attrs, type Dim, GraphEditor, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { standardOps } from "../registry.js";

type Shape = readonly Dim[] | undefined;

/** Shapes of the results of a node; "?" for extents that are not known. */
function shapesOf(op: string, operands: readonly (Shape | null)[], attributes: readonly OnnxAttribute[] = [], count = 1): readonly Shape[] {
  const edit = new GraphEditor(standardOps(), "g");
  const inputs = operands.map((shape, i): Value | null => (shape === null ? null : edit.addInput(`x${i}`, { dtype: "f16", shape })));
  const attrs: Attrs = Object.fromEntries(attributes.map((each) => [each.name, { kind: "opaque", bytes: encodeAttribute(each) }]));
  const outputs = Array.from({ length: count }, (_, i) => `y${i}`);
  const results = edit.insert(`com.microsoft::${op}`, inputs, attrs, { outputs });
  for (const { type } of results) expect(type.dtype).toBe(type.shape ? "f16" : type.dtype);
  return results.map(({ type }) => type.shape?.map((extent) => (String(extent).startsWith("?") ? "?" : extent)));
}

const heads = intAttribute("num_heads", 4);

test("Attention: the values' columns, and the states of all steps", () => {
  expect(
    shapesOf(
      "Attention",
      [
        ["b", "s", 32],
        [32, 96],
      ],
      [heads],
      2,
    ),
  ).toEqual([
    ["b", "s", 32],
    [2, "b", 4, "s", 8],
  ]);
  expect(
    shapesOf(
      "Attention",
      [["b", "s", 32], [32, 80], null, null, [2, "b", 4, "p", 4]],
      [heads, intsAttribute("qkv_hidden_sizes", [32, 32, 16])],
      2,
    ),
  ).toEqual([
    ["b", "s", 16],
    [2, "b", 4, "p+s", 4],
  ]);
  const shared = [heads, intAttribute("past_present_share_buffer", 1)];
  expect(shapesOf("Attention", [["b", 1, 32], undefined, null, null, [2, "b", 4, 64, 8]], shared, 2)).toEqual([
    ["b", 1, "?"],
    [2, "b", 4, 64, 8],
  ]);
});

test.each<[string, readonly (Shape | null)[], number]>([
  [
    "values of their own size",
    [
      ["b", "s", 32],
      ["b", "l", 32],
      ["b", "l", 24],
    ],
    24,
  ],
  [
    "values in heads",
    [
      ["b", "s", 32],
      ["b", 4, "l", 8],
      ["b", 4, "l", 6],
    ],
    24,
  ],
  [
    "keys and values joined",
    [
      ["b", "s", 32],
      ["b", "l", 4, 2, 8],
    ],
    32,
  ],
  ["all joined", [["b", "s", 4, 3, 8]], 32],
  ["all joined in columns", [["b", "s", 96]], 32],
])("MultiHeadAttention with %s", (_, operands, size) => {
  expect(shapesOf("MultiHeadAttention", operands, [heads])).toEqual([["b", "s", size]]);
});

test("GroupQueryAttention: the queries' columns, joined to keys and values or not", () => {
  const both = [heads, intAttribute("kv_num_heads", 2)];
  const [past, flat] = [
    ["b", 2, "p", 8],
    ["b", "s", 16],
  ] as const;
  const states = ["b", 2, "?", 8];
  expect(shapesOf("GroupQueryAttention", [["b", "s", 32], flat, flat, past, past], both, 3)).toEqual([["b", "s", 32], states, states]);
  expect(shapesOf("GroupQueryAttention", [["b", "s", 64], null, null, past, past], both, 3)).toEqual([["b", "s", 32], states, states]);
});

test("ops of one input give its shape; a product of narrow weights its columns; a lookup the row of the table", () => {
  expect(
    shapesOf("RotaryEmbedding", [
      ["b", "s", 32],
      ["b", "s"],
    ]),
  ).toEqual([["b", "s", 32]]);
  expect(shapesOf("MatMulNBits", [["b", "s", 32]], [intAttribute("N", 128)])).toEqual([["b", "s", 128]]);
  expect(shapesOf("EmbedLayerNormalization", [["b", "s"], null, [200, 64]], [], 2)).toEqual([["b", "s", 64], ["b"]]);
});

test("what is not known of the inputs is not known of the results, and other ops have no rule", () => {
  expect(shapesOf("MultiHeadAttention", [undefined])).toEqual([undefined]);
  expect(shapesOf("Mystery", [["b", "s"]])).toEqual([undefined]);
});
