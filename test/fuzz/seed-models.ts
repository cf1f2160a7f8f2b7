import {
  intAttribute,
  intsAttribute,
  graphAttribute,
  layoutOnnx,
  onnxFunction,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  type OnnxModel,
} from "@vlm-export/formats/onnx";

const f32 = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const i64 = (values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
const ramp = (count: number): Uint8Array => f32(Array.from({ length: count }, (_, i) => Math.sin(i)));

function model(graph: Parameters<typeof onnxGraph>[0], opset = 17): OnnxModel {
  return onnxModel({
    irVersion: 8,
    opsetImports: [
      { domain: "", version: opset },
      { domain: "local", version: 1 },
    ],
    graph: onnxGraph(graph),
  });
}

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
export async function seedModels(): Promise<readonly Uint8Array[]> {
  const files: Uint8Array[] = [];
  for (const seed of SEEDS) {
    const [file] = layoutOnnx(seed);
    const chunks: Uint8Array[] = [];
    if (file) for await (const chunk of file.chunks()) chunks.push(chunk.slice());
    files.push(new Uint8Array(Buffer.concat(chunks)));
  }
  return files;
}
