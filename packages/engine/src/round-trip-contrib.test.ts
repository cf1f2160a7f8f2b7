import { floatAttribute, intAttribute, intsAttribute, textAttribute } from "@vlm-export/formats/onnx";
import { i64Tensor } from "@vlm-export/ir";
import { type Case, contrib, floats, image, node, ramp, testRoundTrips, wide } from "./round-trip.fixture.js";

const CASES: readonly Case[] = [
  {
    title: "SimplifiedLayerNormalization",
    opset: 17,
    nodes: [node("SimplifiedLayerNormalization", "x s", "y", floatAttribute("epsilon", 1e-3))],
    inputs: { x: wide },
    constants: { s: ramp([4]) },
    outputs: ["y"],
    becomes: ["RMSNormalization"],
  },
  {
    title: "SkipLayerNormalization",
    opset: 17,
    contrib: true,
    nodes: [contrib("SkipLayerNormalization", "x k s b c", "y _ _ z".replaceAll("_", "")), node("Add", "y z", "w")].map((one) => ({
      ...one,
      outputs: one.outputs,
    })),
    inputs: { x: wide, k: wide },
    constants: { s: ramp([4]), b: ramp([4], 2), c: ramp([4], 3) },
    outputs: ["w"],
    becomes: ["Add", "Add", "LayerNormalization", "Add"],
  },
  {
    title: "SkipSimplifiedLayerNormalization",
    opset: 17,
    contrib: true,
    nodes: [contrib("SkipSimplifiedLayerNormalization", "x k s", "y")],
    inputs: { x: wide, k: wide },
    constants: { s: ramp([4]) },
    outputs: ["y"],
    becomes: ["Add", "RMSNormalization"],
  },
  {
    title: "FusedMatMul",
    opset: 17,
    contrib: true,
    nodes: [contrib("FusedMatMul", "x k", "y", intAttribute("transB", 1), floatAttribute("alpha", 0.25))],
    inputs: { x: wide, k: wide },
    outputs: ["y"],
    becomes: ["Transpose", "MatMul", "Mul"],
  },
  {
    title: "BiasGelu, FastGelu, QuickGelu",
    opset: 17,
    contrib: true,
    nodes: [contrib("BiasGelu", "x b", "a"), contrib("FastGelu", "a b", "c"), contrib("QuickGelu", "c", "y", floatAttribute("alpha", 1.5))],
    inputs: { x: wide },
    constants: { b: ramp([4]) },
    outputs: ["y"],
    becomes: ["Add", "Gelu", "Add", "Gelu", "Mul", "Sigmoid", "Mul"],
  },
  {
    title: "FusedConv",
    opset: 17,
    contrib: true,
    nodes: [
      contrib(
        "FusedConv",
        "x w b",
        "y",
        textAttribute("activation", "LeakyRelu"),
        floats("activation_params", [0.2]),
        intsAttribute("pads", [1, 1, 1, 1]),
      ),
    ],
    inputs: { x: image },
    constants: { w: ramp([2, 4, 3, 3]), b: ramp([2]) },
    outputs: ["y"],
    becomes: ["Conv", "LeakyRelu"],
  },
  {
    title: "FusedGemm",
    opset: 17,
    contrib: true,
    nodes: [
      contrib(
        "FusedGemm",
        "x w b",
        "y",
        textAttribute("activation", "LeakyRelu"),
        floatAttribute("activation_alpha", 0.3),
        floatAttribute("alpha", 0.5),
        intAttribute("transB", 1),
      ),
    ],
    inputs: { x: [3, 8] },
    constants: { w: ramp([5, 8]), b: ramp([5]) },
    outputs: ["y"],
    becomes: ["Gemm", "LeakyRelu"],
  },
  {
    title: "RotaryEmbedding",
    opset: 17,
    contrib: true,
    nodes: [contrib("RotaryEmbedding", "x p c s", "y", intAttribute("interleaved", 1))],
    inputs: { x: [1, 3, 8] },
    constants: { p: i64Tensor([4, 0, 2], [1, 3]), c: ramp([6, 2]), s: ramp([6, 2], 0.7) },
    outputs: ["y"],
    becomes: ["RotaryEmbedding"],
  },
];

testRoundTrips(CASES);
