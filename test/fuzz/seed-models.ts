import {
  intAttribute,
  intsAttribute,
  graphAttribute,
  onnxFunction,
  onnxGraph,
  onnxNode,
  onnxTensor,
  onnxValue,
  type OnnxModel,
} from "@vlm-export/formats/onnx";
import { i64, onnxBytes, ramp, smallModel as model } from "../e2e/small-models.js";

/** Small models that touch what importers trip over: convolutions, shape arithmetic, control flow, functions, old opsets, Q/DQ. */
const SEEDS: readonly OnnxModel[] = [
  model({
    name: "cnn",
    inputs: [onnxValue("x", "f32", ["n", 2, 6, 6])],
    outputs: [onnxValue("y", "f32", undefined)],
    initializers: [
      onnxTensor("w", "f32", [3, 2, 3, 3], ramp(54)),
      onnxTensor("b", "f32", [3], ramp(3)),
      onnxTensor("s", "i64", [2], i64([0, -1])),
      onnxTensor("fc", "f32", [108, 4], ramp(432)),
    ],
    nodes: [
      onnxNode({
        opType: "Conv",
        name: "c",
        inputs: ["x", "w", "b"],
        outputs: ["h"],
        attributes: [intsAttribute("pads", [1, 1, 1, 1]), intsAttribute("kernel_shape", [3, 3])],
      }),
      onnxNode({ opType: "Relu", inputs: ["h"], outputs: ["r"] }),
      onnxNode({ opType: "Reshape", inputs: ["r", "s"], outputs: ["f"] }),
      onnxNode({ opType: "MatMul", inputs: ["f", "fc"], outputs: ["y"] }),
    ],
  }),
  model(
    {
      name: "old",
      inputs: [onnxValue("x", "f32", [1, 4, 8])],
      outputs: [onnxValue("y", "f32", [1, 4])],
      initializers: [onnxTensor("w", "f32", [8, 8], ramp(64))],
      nodes: [
        onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["m"] }),
        onnxNode({ opType: "Softmax", inputs: ["m"], outputs: ["p"], attributes: [intAttribute("axis", 2)] }),
        onnxNode({
          opType: "Slice",
          inputs: ["p"],
          outputs: ["q"],
          attributes: [intsAttribute("starts", [0]), intsAttribute("ends", [1]), intsAttribute("axes", [2])],
        }),
        onnxNode({ opType: "Squeeze", inputs: ["q"], outputs: ["y"], attributes: [intsAttribute("axes", [2])] }),
      ],
    },
    9,
  ),
  model({
    name: "control",
    inputs: [onnxValue("x", "f32", [2]), onnxValue("c", "bool", [])],
    outputs: [onnxValue("y", "f32", [2])],
    nodes: [
      onnxNode({
        opType: "If",
        name: "if",
        inputs: ["c"],
        outputs: ["y"],
        attributes: ["then_branch", "else_branch"].map((name) =>
          graphAttribute(
            name,
            onnxGraph({
              name,
              outputs: [onnxValue(`${name}_y`, "f32", [2])],
              nodes: [onnxNode({ opType: name === "then_branch" ? "Neg" : "Abs", inputs: ["x"], outputs: [`${name}_y`] })],
            }),
          ),
        ),
      }),
    ],
  }),
  {
    ...model({
      name: "calls",
      inputs: [onnxValue("x", "f32", [3])],
      outputs: [onnxValue("y", "f32", [3])],
      nodes: [onnxNode({ opType: "Twice", domain: "local", inputs: ["x"], outputs: ["y"] })],
    }),
    functions: [
      onnxFunction({
        name: "Twice",
        domain: "local",
        inputs: ["a"],
        outputs: ["b"],
        opsetImports: [{ domain: "", version: 17 }],
        nodes: [onnxNode({ opType: "Add", inputs: ["a", "a"], outputs: ["b"] })],
      }),
    ],
  },
];

/** The seeds as files. */
export function seedModels(): Promise<readonly Uint8Array[]> {
  return Promise.all(SEEDS.map((seed) => onnxBytes(seed)));
}
