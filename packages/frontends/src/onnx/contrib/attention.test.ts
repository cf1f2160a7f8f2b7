import { intAttribute, intsAttribute, type OnnxAttribute } from "@vlm-export/formats/onnx";
import { expect, test } from "vitest";
import { type ContribNode, type Imported, importTwice } from "./contrib.fixture.js";

type Shape = readonly (number | string)[];

interface Form {
  readonly mask?: Shape;
  readonly past?: Shape;
  readonly heads?: number;
  readonly attributes?: readonly OnnxAttribute[];
}

const attention = ({ mask, past, heads = 2, attributes = [] }: Form): ContribNode => ({
  op: "Attention",
  operands: [["n", "s", 4], [4, 12], null, mask ?? null, past ?? null],
  integers: [3],
  attributes: [intAttribute("num_heads", heads), ...attributes],
});
const imported = (form: Form): Promise<Imported> => importTwice(attention(form));
const pastOf = (steps: string): Shape => [2, "n", 2, steps, 2];

test("the sizes behind an Attention are known, those with a past included", async () => {
  const { graph, found } = await imported({ mask: ["n", "p+s"], past: pastOf("p"), attributes: [intAttribute("unidirectional", 1)] });
  expect(found).toEqual([]);
  expect(graph.outputs.map(({ type }) => type.shape)).toEqual([
    ["n", "s", 4],
    ["n", "s", 4],
  ]);
  const scores = graph.nodes.find(({ op }) => op === "Softmax");
  expect(scores?.outputs[0]?.type.shape).toEqual(["n", 2, "s", "p+s"]);
});

test("of a square mask, the rows of the queries and the columns of the keys are used", async () => {
  const { graph } = await imported({ mask: ["n", 1, 32, 32], past: pastOf("p") });
  const used = graph.nodes.find(({ op }) => op === "Greater");
  expect(used?.inputs[0]?.producer?.op).toBe("Slice");
  expect(graph.outputs[0]?.type.shape).toEqual(["n", "s", 4]);
});

test("a mask with one axis has the form that its extent says", async () => {
  expect((await imported({ mask: ["n"] })).ops).not.toContain("com.microsoft::Attention");
  expect((await imported({ mask: ["2*n"] })).ops.filter((op) => op === "Less")).toHaveLength(4);
});

const [query, cache] = [
  ["n", "s", 8],
  ["n", 2, "p", 4],
] as const;
const many = (operands: ContribNode["operands"], rest: Partial<ContribNode> = {}): ContribNode => ({
  op: "MultiHeadAttention",
  operands,
  attributes: [intAttribute("num_heads", 2)],
  ...rest,
});
const embed = (operands: ContribNode["operands"]): ContribNode => ({ op: "EmbedLayerNormalization", operands, integers: [0, 1] });
const [ids, table] = [
  ["n", "s"],
  [9, 8],
] as const;

test.each<readonly [string, ContribNode, string]>([
  [
    "a mask of unknown form",
    attention({ mask: ["k"] }),
    "its mask has one axis of k elements, from which, at batch n, its form cannot be told",
  ],
  [
    "rotary embedding",
    attention({ attributes: [intAttribute("do_rotary", 1)] }),
    "attribute do_rotary turns queries and keys inside the operator",
  ],
  [
    "a shared buffer",
    attention({ attributes: [intAttribute("past_present_share_buffer", 1)] }),
    "attribute past_present_share_buffer writes keys and values in place",
  ],
  ["unequal heads", attention({ heads: 3 }), "the sizes of queries, keys and values are not known from its weights (12) and 3 heads"],
  [
    "keys and values of different sizes in one result",
    {
      ...attention({ attributes: [intsAttribute("qkv_hidden_sizes", [4, 4, 8])] }),
      operands: [
        ["n", "s", 4],
        [4, 16],
      ],
      results: 2,
    },
    "it gives out keys and values of different sizes in one result",
  ],
  [
    "a causal limit between two sequences",
    many([query, ["n", "t", 8], ["n", "t", 8]], { attributes: [intAttribute("num_heads", 2), intAttribute("unidirectional", 1)] }),
    "it is unidirectional, and its keys (t) are not known to be as many as its queries (s)",
  ],
  ["one joined input", many([["n", "s", 2, 3, 4]]), "its queries, keys and values are joined in one input"],
  ["joined keys and values", many([query, ["n", "s", 2, 2, 4]]), "its queries, keys and values are joined in one input"],
  ["half a past", many([query, query, query, null, null, null, cache]), "one of past_key and past_value is there without the other"],
  [
    "a buffer",
    many([query, query, query, null, null, null, cache, cache, [1]], { integers: [8] }),
    "input past_sequence_length or cache_indirection says where keys and values are written in place",
  ],
  ["products that are read", many([query, query, query], { results: 4 }), "its result qk is read"],
  [
    "segments without a table",
    embed([ids, ids, table, table, null, [8], [8]]),
    "one of segment_ids and segment_embedding is there without the other",
  ],
])("nodes with %s stay as they are, and one warning says why", async (_, node, reason) => {
  const { ops, found } = await importTwice(node);
  const name = `com.microsoft::${node.op}`;
  expect(ops).toEqual([name, name]);
  expect(found).toMatchObject([{ code: "VX-IMPORT-OPAQUE", severity: "warning" }]);
  expect(found[0]?.message).toBe(
    `${name}: 2 nodes ("a", "b") stay one operator: ${reason}. What it computes stays float, and only ONNX targets can hold it.`,
  );
});
