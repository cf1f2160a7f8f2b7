import { floatAttribute, intAttribute, intsAttribute, type OnnxAttribute } from "@vlm-export/formats/onnx";
import { memoryTensor, type TensorData } from "@vlm-export/ir";
import { type Case, contrib, node, ramp, testRoundTrips, wide } from "./round-trip.fixture.js";

const i32 = (values: readonly number[], shape: readonly number[] = [values.length]): TensorData =>
  memoryTensor("i32", shape, new Uint8Array(Int32Array.from(values).buffer));

const HEADS = intAttribute("num_heads", 2);
const SPLIT_HEADS = ["Reshape", "Transpose"];
const HEADS_OF_ALL = [...SPLIT_HEADS, ...SPLIT_HEADS, ...SPLIT_HEADS];
const PROJECT = ["MatMul", "Add", "Split", ...HEADS_OF_ALL];
const PRODUCTS = ["Transpose", "MatMul", "Mul"];
const CONTEXT = ["Softmax", "MatMul", "Transpose", "Reshape"];
const POSITIONS = ["Shape", "Squeeze", "Range"];
const STATES = ["Split", "Squeeze", "Concat", "Squeeze", "Concat", "Unsqueeze", "Unsqueeze", "Concat"];
const KEYS = ["Unsqueeze", "Greater", "Where"];
const [batch, length] = wide;

interface Rest extends Pick<Partial<Case>, "inputs" | "constants"> {
  readonly attributes?: readonly OnnxAttribute[];
}

/** An Attention over x with weights w and bias b, with the operands and attributes of one form. */
function attention(title: string, operands: string, becomes: readonly string[], rest: Rest): Case {
  const [inputs, outputs = "y"] = operands.split(" -> ");
  return {
    title,
    opset: 17,
    contrib: true,
    nodes: [contrib("Attention", inputs as string, outputs, HEADS, ...(rest.attributes ?? []))],
    inputs: { x: wide, ...rest.inputs },
    constants: { w: ramp([4, 12]), b: ramp([12]), ...rest.constants },
    outputs: outputs.split(" "),
    becomes,
  };
}

/** A MultiHeadAttention over queries q, keys k, values v or u (wider), or keys p and values r in heads. */
function multiHead(title: string, operands: string, becomes: readonly string[], rest: Rest): Case {
  const [inputs = "", outputs = "y"] = operands.split(" -> ");
  const shapes = { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4], u: [2, 5, 6], p: [2, 2, 3, 2], r: [2, 2, 3, 2] };
  return {
    title,
    opset: 17,
    contrib: true,
    nodes: [contrib("MultiHeadAttention", inputs, outputs, HEADS, ...(rest.attributes ?? []))],
    inputs: Object.fromEntries(Object.entries(shapes).filter(([name]) => inputs.split(" ").includes(name))),
    constants: rest.constants ?? {},
    outputs: outputs.split(" "),
    becomes,
  };
}

const keys = i32([1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1], [batch, length]);
const pairs = i32(
  Array.from({ length: batch * length * length }, (_, i) => (i % 5 === 0 ? 0 : 1)),
  [batch, length, length],
);

const CASES: readonly Case[] = [
  attention("Attention", "x w b", [...PROJECT, ...PRODUCTS, ...CONTEXT], {}),
  attention("Attention of stated scale", "x w b", [...PROJECT, ...PRODUCTS, ...CONTEXT], { attributes: [floatAttribute("scale", 0.3)] }),
  attention("Attention with values of another size", "x w b", [...PROJECT, ...PRODUCTS, ...CONTEXT], {
    constants: { w: ramp([4, 14]), b: ramp([14]) },
    attributes: [intsAttribute("qkv_hidden_sizes", [4, 4, 6])],
  }),
  attention("Attention with a mask of keys", "x w b m", [...PROJECT, ...KEYS, ...PRODUCTS, "Add", ...CONTEXT], {
    constants: { m: keys },
  }),
  attention("Attention with a mask of pairs and a weak filter", "x w b m", [...PROJECT, ...KEYS, ...PRODUCTS, "Add", ...CONTEXT], {
    constants: { m: pairs },
    attributes: [floatAttribute("mask_filter_value", -1.5)],
  }),
  attention(
    "Attention with lengths",
    "x w b m",
    [...PROJECT, "Cast", "Unsqueeze", ...POSITIONS, "Less", "Where", ...PRODUCTS, "Add", ...CONTEXT],
    { constants: { m: i32([4, 6]) } },
  ),
  attention(
    "Attention with ends and starts",
    "x w b m",
    [...PROJECT, "Cast", "Unsqueeze", ...POSITIONS, "Split", "Less", "Where", "Less", "Where", ...PRODUCTS, "Add", ...CONTEXT],
    { constants: { m: i32([6, 5, 2, 0]) } },
  ),
  attention("Attention with a bias on scores", "x w b _ _ a", [...PROJECT, ...PRODUCTS, "Add", ...CONTEXT], {
    constants: { a: ramp([batch, 2, length, length]) },
  }),
  attention(
    "Causal attention",
    "x w b",
    [...PROJECT, ...POSITIONS, "Unsqueeze", ...POSITIONS, "Greater", "Where", ...PRODUCTS, "Add", ...CONTEXT],
    { attributes: [intAttribute("unidirectional", 1)] },
  ),
  attention(
    "Causal attention with past, present and a mask",
    "x w b m p -> y n",
    [
      ...PROJECT,
      ...STATES,
      "Shape",
      ...KEYS,
      ...POSITIONS,
      "Add",
      "Unsqueeze",
      ...POSITIONS,
      "Greater",
      "Where",
      ...PRODUCTS,
      "Add",
      ...CONTEXT,
    ],
    {
      inputs: { p: [2, batch, 2, 3, 2] },
      constants: { m: i32([0, ...Array<number>(17).fill(1)], [batch, length + 3]) },
      attributes: [intAttribute("unidirectional", 1)],
    },
  ),
  attention(
    "Attention that gives keys and values",
    "x w b -> y n",
    [...PROJECT, "Unsqueeze", "Unsqueeze", "Concat", ...PRODUCTS, ...CONTEXT],
    {},
  ),
  multiHead("MultiHeadAttention", "q k v", [...HEADS_OF_ALL, ...PRODUCTS, ...CONTEXT], {}),
  multiHead(
    "MultiHeadAttention with a bias, values of another size and a mask of keys",
    "q k u b m",
    ["Split", "Add", ...SPLIT_HEADS, "Add", ...SPLIT_HEADS, "Add", ...SPLIT_HEADS, ...KEYS, ...PRODUCTS, "Add", ...CONTEXT],
    { constants: { b: ramp([14]), m: i32([1, 1, 0, 1, 0, 1, 1, 1, 1, 1], [2, 5]) } },
  ),
  multiHead("MultiHeadAttention with keys and values in heads", "q p r", [...SPLIT_HEADS, ...PRODUCTS, ...CONTEXT], {}),
  multiHead(
    "MultiHeadAttention with past, lengths and a bias on scores",
    "q k v _ m a p r -> y n o",
    [
      ...HEADS_OF_ALL,
      "Concat",
      "Concat",
      "Shape",
      "Cast",
      "Unsqueeze",
      ...POSITIONS,
      "Less",
      "Where",
      ...PRODUCTS,
      "Add",
      "Add",
      ...CONTEXT,
      "Identity",
      "Identity",
    ],
    { constants: { m: i32([8, 6]), a: ramp([1, 2, 3, 8]) }, attributes: [floatAttribute("scale", 0.5)] },
  ),
  multiHead(
    "Causal MultiHeadAttention that gives keys and values",
    "k k v -> y n o",
    [...HEADS_OF_ALL, ...POSITIONS, "Unsqueeze", ...POSITIONS, "Greater", "Where", ...PRODUCTS, "Add", ...CONTEXT, "Identity", "Identity"],
    { attributes: [intAttribute("unidirectional", 1)] },
  ),
  {
    title: "EmbedLayerNormalization with segments, mask and sum",
    opset: 17,
    contrib: true,
    nodes: [
      contrib("EmbedLayerNormalization", "i s w p t g b m", "y n z", floatAttribute("epsilon", 1e-3)),
      node("Cast", "n", "c", intAttribute("to", 1)),
    ],
    inputs: {},
    constants: {
      i: i32([4, 0, 2, 1, 3, 3], [2, 3]),
      s: i32([0, 0, 1, 1, 1, 0], [2, 3]),
      m: i32([1, 1, 0, 1, 1, 1], [2, 3]),
      w: ramp([5, 4]),
      p: ramp([8, 4], 2),
      t: ramp([2, 4], 3),
      g: ramp([4]),
      b: ramp([4], 0.5),
    },
    outputs: ["y", "z", "c"],
    becomes: [...POSITIONS, "Gather", "Gather", "Gather", "Add", "Add", "LayerNormalization", "Equal", "Cast", "ReduceSum", "Cast"],
  },
  {
    title: "EmbedLayerNormalization with positions and no mask",
    opset: 17,
    contrib: true,
    nodes: [contrib("EmbedLayerNormalization", "i _ w p _ g b _ q", "y n"), node("Cast", "n", "c", intAttribute("to", 1))],
    inputs: {},
    constants: {
      i: i32([4, 0, 2, 1, 3, 3], [2, 3]),
      q: i32([5, 6, 7], [1, 3]),
      w: ramp([5, 4]),
      p: ramp([8, 4], 2),
      g: ramp([4]),
      b: ramp([4], 0.5),
    },
    outputs: ["y", "c"],
    becomes: ["Gather", "Gather", "Add", "LayerNormalization", "Shape", "ConstantOfShape", "Cast"],
  },
];

testRoundTrips(CASES);
