import { memoryRange } from "../files/index.js";
import {
  floatAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  onnxAttribute,
  onnxFunction,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  tensorType,
  textAttribute,
} from "./build.js";
import { ONNX_DATA_TYPES } from "./data-types.js";
import { encodeMessage } from "./encode-small.js";
import type { OnnxGraph, OnnxModel, OnnxSparseTensor, OnnxTensor, OnnxTensorData } from "./model.js";
import { elementBytes, openTensor } from "./tensor-size.js";

/** Bytes 1, 2, 3, … */
export function counting(byteLength: number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i + 1) % 251);
}

/** A float tensor of counting bytes. */
function floats(name: string, dims: readonly number[]): OnnxTensor {
  return onnxTensor(name, "f32", dims, counting(dims.reduce((product, dim) => product * dim, 4)));
}

const sparse: OnnxSparseTensor = { values: floats("values", [2]), indices: onnxTensor("", "i64", [2], counting(16)), dims: [9] };
const branch: OnnxGraph = onnxGraph({
  name: "branch",
  nodes: [
    onnxNode({
      opType: "Constant",
      inputs: [],
      outputs: ["c"],
      attributes: [onnxAttribute("value", { kind: "tensor", value: floats("", [2]) })],
    }),
  ],
  outputs: [onnxValue("c", "f32", [2])],
});
const strings: OnnxTensorData = { kind: "strings", strings: () => ["", "é", "\u0000"].map((text) => new Uint8Array(Buffer.from(text))) };

/** A small model with every message, every attribute kind and every data type of IR version 14. */
export const FULL_MODEL: OnnxModel = onnxModel({
  irVersion: 14,
  opsetImports: [
    { domain: "", version: 23 },
    { domain: "my", version: 1 },
  ],
  producerName: "producer",
  producerVersion: "1.0",
  domain: "here",
  modelVersion: -7n,
  docString: "words",
  metadata: new Map([["__proto__", "x"]]),
  functions: [
    onnxFunction({
      name: "F",
      domain: "my",
      overload: "o",
      opsetImports: [{ domain: "", version: 23 }],
      inputs: ["x"],
      outputs: ["y"],
      attributes: ["alpha"],
      attributeDefaults: [floatAttribute("beta", 0.5)],
      nodes: [
        onnxNode({
          opType: "Elu",
          inputs: ["x"],
          outputs: ["y"],
          attributes: [onnxAttribute("alpha", { kind: "reference", value: "alpha", type: 1 })],
        }),
      ],
      valueInfo: [onnxValue("x", "f16", undefined)],
      metadata: new Map([["k", "v"]]),
    }),
  ],
  trainingInfo: [memoryRange(encodeMessage("TrainingInfoProto", { initializationBinding: [{ key: "a", value: "b" }] }))],
  configurations: [memoryRange(encodeMessage("DeviceConfigurationProto", { name: "two", numDevices: 2, device: ["a", "b"] }))],
  graph: onnxGraph({
    name: "__proto__",
    docString: "graph words",
    inputs: [onnxValue("X", "f32", ["N", 2, undefined]), onnxValue("c", "bool", [])],
    outputs: [onnxValue("Y", "f32", undefined)],
    valueInfo: [{ ...onnxValue("m", "i4", [-1]), docString: "d", metadata: new Map([["k", "v"]]) }],
    quantization: [{ tensorName: "X", parameters: new Map([["SCALE_TENSOR", "s"]]) }],
    metadata: new Map([["k", ""]]),
    sparseInitializers: [sparse],
    initializers: ONNX_DATA_TYPES.map(({ dtype, code }) => {
      const data = dtype === "string" ? strings : counting(elementBytes({ name: "", dims: [3], dataType: code }));
      return onnxTensor(`t-${dtype}`, dtype, [3], data);
    }),
    nodes: [
      onnxNode({
        opType: "If",
        name: "if",
        inputs: ["c"],
        outputs: ["i"],
        attributes: [graphAttribute("then_branch", branch), graphAttribute("else_branch", branch)],
      }),
      onnxNode({
        opType: "Z",
        domain: "my",
        overload: "o",
        name: "ünï",
        inputs: ["X", "", "t-f32"],
        outputs: ["Y"],
        docString: "node words",
        metadata: new Map([["k", "v"]]),
        deviceConfigurations: [memoryRange(encodeMessage("NodeDeviceConfigurationProto", { configurationId: "two", pipelineStage: 3 }))],
        attributes: [
          floatAttribute("f", -0),
          intAttribute("i", 0),
          intAttribute("big", 2n ** 63n - 1n),
          textAttribute("s", "sé"),
          onnxAttribute("t", { kind: "tensor", value: floats("", []) }),
          onnxAttribute("p", { kind: "sparse-tensor", value: sparse }),
          onnxAttribute("y", {
            kind: "type",
            value: { kind: "optional", element: { kind: "sequence", element: tensorType("f32", [1]), denotation: "" }, denotation: "D" },
          }),
          onnxAttribute("fs", { kind: "floats", value: [1.5, Number.NaN, Number.NEGATIVE_INFINITY] }),
          intsAttribute("is", [-1, -(2n ** 63n), 300]),
          intsAttribute("none", []),
          onnxAttribute("ss", { kind: "strings", value: [Uint8Array.of(0xff, 0), new Uint8Array(0)] }),
          onnxAttribute("ts", { kind: "tensors", value: [floats("a", [1]), floats("b", [0])] }),
          onnxAttribute("gs", { kind: "graphs", value: [{ graph: branch, raw: undefined }] }),
          onnxAttribute("ps", { kind: "sparse-tensors", value: [sparse] }),
          onnxAttribute("ys", {
            kind: "types",
            value: [
              { kind: "map", keyType: 7, value: tensorType("u2", [0]), denotation: "" },
              { kind: "opaque", domain: "d", name: "n", denotation: "" },
              { kind: "sparse-tensor", elemType: 1, shape: [{ size: 3, denotation: "BATCH" }], denotation: "" },
              { kind: "none", denotation: "" },
            ],
          }),
        ],
      }),
    ],
  }),
});

/** A model as plain values, to be compared: elements as bytes, without the raw bytes of subgraphs. */
export function settled(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, settled(item)]));
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(settled);
  if (typeof value !== "object" || value === null) return value;
  if ("read" in value && typeof value.read === "function") return settled(value.read());
  const entries = Object.entries(value).filter(([key]) => key !== "raw" && key !== "data");
  const plain = Object.fromEntries(entries.map(([key, item]) => [key, settled(item)]));
  return isTensor(value) ? { ...plain, data: settledData(value) } : plain;
}

function isTensor(value: object): value is OnnxTensor {
  return "dataType" in value && "dims" in value && "data" in value;
}

function settledData(tensor: OnnxTensor): unknown {
  return tensor.data.kind === "strings" ? settled(tensor.data.strings()) : settled(openTensor(tensor).read());
}
