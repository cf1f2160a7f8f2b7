import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError } from "../files/index.js";
import { readTflite, tfliteFile, type TfliteBytes, type TfliteModel, type TfliteOptions, type TfliteTensor } from "./index.js";

function bytesOf(bytes: Uint8Array): TfliteBytes {
  return { byteLength: bytes.byteLength, read: (begin = 0, end = bytes.byteLength) => bytes.slice(begin, end) };
}

function fileOf(model: TfliteModel, inlineBytes = 0): Uint8Array {
  const chunks = [...tfliteFile(model, { inlineBytes }).chunks()];
  return new Uint8Array(Buffer.concat(chunks));
}

/** The model with its bytes as plain numbers, so that two compare by content. */
function contentOf(model: TfliteModel): unknown {
  return JSON.parse(
    JSON.stringify({ ...model, buffers: model.buffers.map((buffer) => [...buffer.read()]) }, (_, value: unknown) =>
      isBytes(value) ? [...value.read()] : value,
    ),
  );
}

function isBytes(value: unknown): value is TfliteBytes {
  return typeof value === "object" && value !== null && "read" in value;
}

const everyOption: readonly TfliteOptions[] = [
  {
    kind: "Conv2DOptions",
    padding: "VALID",
    strideW: 2,
    strideH: 3,
    fusedActivationFunction: "RELU6",
    dilationWFactor: 4,
    dilationHFactor: 5,
    quantizedBiasType: "INT32",
  },
  {
    kind: "DepthwiseConv2DOptions",
    padding: "SAME",
    strideW: 1,
    strideH: 2,
    depthMultiplier: 3,
    fusedActivationFunction: "RELU",
    dilationWFactor: 1,
    dilationHFactor: 2,
  },
  {
    kind: "FullyConnectedOptions",
    fusedActivationFunction: "TANH",
    weightsFormat: "SHUFFLED4x16INT8",
    keepNumDims: true,
    asymmetricQuantizeInputs: true,
    quantizedBiasType: "INT64",
  },
  {
    kind: "Pool2DOptions",
    padding: "VALID",
    strideW: 2,
    strideH: 3,
    filterWidth: 4,
    filterHeight: 5,
    fusedActivationFunction: "RELU_N1_TO_1",
  },
  { kind: "SoftmaxOptions", beta: 0.5 },
  { kind: "ReshapeOptions", newShape: [1, -1, 7] },
  { kind: "AddOptions", fusedActivationFunction: "SIGN_BIT", potScaleInt16: false },
  { kind: "SubOptions", fusedActivationFunction: "NONE", potScaleInt16: true },
  { kind: "MulOptions", fusedActivationFunction: "RELU" },
  { kind: "DivOptions", fusedActivationFunction: "RELU" },
  { kind: "L2NormOptions", fusedActivationFunction: "RELU" },
  { kind: "ConcatenationOptions", axis: -1, fusedActivationFunction: "RELU" },
  { kind: "BatchMatMulOptions", adjX: true, adjY: false, asymmetricQuantizeInputs: true },
  { kind: "GeluOptions", approximate: true },
  { kind: "ReducerOptions", keepDims: true },
  { kind: "StridedSliceOptions", beginMask: 1, endMask: 2, ellipsisMask: 3, newAxisMask: 4, shrinkAxisMask: 5, offset: true },
  { kind: "SplitOptions", numSplits: 3 },
  { kind: "SplitVOptions", numSplits: 4 },
  { kind: "GatherOptions", axis: 1, batchDims: 2 },
  { kind: "LeakyReluOptions", alpha: 0.25 },
  { kind: "ResizeBilinearOptions", alignCorners: true, halfPixelCenters: true },
  { kind: "ResizeNearestNeighborOptions", alignCorners: true, halfPixelCenters: true },
  { kind: "CastOptions", inDataType: "INT64", outDataType: "FLOAT8_E5M2" },
  { kind: "DepthToSpaceOptions", blockSize: 2 },
  { kind: "SpaceToDepthOptions", blockSize: 3 },
  { kind: "TransposeConvOptions", padding: "VALID", strideW: 2, strideH: 3, fusedActivationFunction: "RELU", quantizedBiasType: "INT32" },
  { kind: "ArgMaxOptions", outputType: "INT32" },
  { kind: "ArgMinOptions", outputType: "INT64" },
  { kind: "CumsumOptions", exclusive: true, reverse: true },
  { kind: "MirrorPadOptions", mode: "SYMMETRIC" },
  { kind: "OneHotOptions", axis: 2 },
  { kind: "PackOptions", valuesCount: 2, axis: 1 },
  { kind: "UnpackOptions", num: 2, axis: 1 },
  { kind: "ShapeOptions", outType: "INT64" },
  { kind: "SqueezeOptions", squeezeDims: [0, 2] },
  ...(
    [
      "AbsOptions",
      "BroadcastToOptions",
      "CosOptions",
      "DequantizeOptions",
      "DynamicUpdateSliceOptions",
      "EqualOptions",
      "ExpOptions",
      "ExpandDimsOptions",
      "FillOptions",
      "GatherNdOptions",
      "GreaterEqualOptions",
      "GreaterOptions",
      "HardSwishOptions",
      "LessEqualOptions",
      "LessOptions",
      "LogSoftmaxOptions",
      "LogicalAndOptions",
      "LogicalNotOptions",
      "LogicalOrOptions",
      "MaximumMinimumOptions",
      "NegOptions",
      "NotEqualOptions",
      "PadOptions",
      "PadV2Options",
      "PowOptions",
      "QuantizeOptions",
      "RangeOptions",
      "ReverseV2Options",
      "SelectOptions",
      "SelectV2Options",
      "SliceOptions",
      "SquareOptions",
      "SquaredDifferenceOptions",
      "TileOptions",
      "TopKV2Options",
      "TransposeOptions",
      "WhereOptions",
      "ZerosLikeOptions",
    ] as const
  ).map((kind) => ({ kind }) as TfliteOptions),
];

function tensor(name: string, rest: Partial<TfliteTensor> = {}): TfliteTensor {
  return { name, type: "INT8", shape: [2, 3], buffer: 0, isVariable: false, hasRank: true, ...rest };
}

/** One operator for every option table, every quantization form, two subgraphs and signatures that share a weight. */
const model: TfliteModel = {
  description: "größer",
  operatorCodes: [
    { op: "FULLY_CONNECTED", version: 5 },
    { op: "GELU", version: 1 },
    { op: "CUSTOM", version: 1, customCode: "__proto__" },
  ],
  subgraphs: [0, 1].map((index) => ({
    name: `graph ${index}`,
    tensors: [
      tensor("x", {
        shape: [1, 3],
        shapeSignature: [-1, 3],
        quantization: { scale: [0.5], zeroPoint: [-3], quantizedDimension: 0, min: [-1], max: [1] },
      }),
      tensor("w", { buffer: 1, quantization: { scale: [0.25, 0.125], zeroPoint: [0, 0], quantizedDimension: 0, min: [], max: [] } }),
      tensor("w4", {
        type: "INT4",
        shape: [1, 3],
        buffer: 2,
        quantization: {
          scale: [],
          zeroPoint: [],
          quantizedDimension: 0,
          min: [],
          max: [],
          blockwise: { scales: 3, zeroPoints: -1, blockSize: 3 },
        },
      }),
      tensor("w4_scales", { type: "FLOAT16", shape: [1, 1], buffer: 3 }),
      tensor("state", { type: "FLOAT32", isVariable: true, hasRank: false, shape: [] }),
    ],
    inputs: [0],
    outputs: [4],
    operators: [
      ...everyOption.map((options) => ({ opcode: 0, inputs: [0, 1, -1], outputs: [4], options })),
      { opcode: 2, inputs: [], outputs: [4], customOptions: bytesOf(Uint8Array.of(1, 2, 3)) },
    ],
  })),
  buffers: [
    bytesOf(new Uint8Array(0)),
    bytesOf(Uint8Array.of(1, 2, 3, 4, 5, 6)),
    bytesOf(Uint8Array.of(7, 8)),
    bytesOf(Uint8Array.of(0, 60)),
    bytesOf(Uint8Array.of(9)),
  ],
  metadata: [{ name: "vlm-export", buffer: 4 }],
  signatures: [
    { key: "prefill", inputs: [{ name: "x", tensor: 0 }], outputs: [{ name: "y", tensor: 4 }], subgraph: 0 },
    { key: "decode", inputs: [{ name: "x", tensor: 0 }], outputs: [], subgraph: 1 },
  ],
};

test.each([0, 2, 100])("a model is read back as it was written (constants of up to %i bytes inside the tables)", (inlineBytes) => {
  expect(contentOf(readTflite(bytesOf(fileOf(model, inlineBytes))))).toEqual(contentOf(model));
});

test("random shapes, names and scales survive the round trip", () => {
  const name = fc.string({ unit: "binary", maxLength: 12 });
  const quantization = fc.record({
    scale: fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 1 }),
    zeroPoint: fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 1 }),
    quantizedDimension: fc.nat(3),
    min: fc.array(fc.float({ noNaN: true }), { maxLength: 3 }),
    max: fc.array(fc.float({ noNaN: true }), { maxLength: 3 }),
  });
  const tensors = fc.array(
    fc.record({
      name,
      shape: fc.array(fc.nat(99), { maxLength: 6 }),
      shapeSignature: fc.array(fc.integer({ min: -1, max: 99 }), { minLength: 1, maxLength: 6 }),
      quantization,
      type: fc.constantFrom("INT8" as const, "FLOAT32" as const, "UINT4" as const),
      isVariable: fc.boolean(),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(tensors, name, (items, key) => {
      const random = {
        ...model,
        subgraphs: [{ ...model.subgraphs[0]!, tensors: [...model.subgraphs[0]!.tensors, ...items.map((item) => tensor(item.name, item))] }],
        signatures: [{ key, inputs: [], outputs: [], subgraph: 0 }],
      };
      expect(contentOf(readTflite(bytesOf(fileOf(random))))).toEqual(contentOf(random));
    }),
    { numRuns: 50 },
  );
});

test("the same model gives the same bytes, in streams of the promised length, constants on multiples of 64", () => {
  const bytes = fileOf(model);
  expect(fileOf(model)).toEqual(bytes);
  expect(tfliteFile(model).byteLength).toBe(bytes.byteLength);
  const begin = Buffer.from(bytes).lastIndexOf(Uint8Array.of(1, 2, 3, 4, 5, 6));
  expect(begin % 64).toBe(0);
});

test("constants beyond 4 GiB keep their place, and neither writer nor reader asks for them", () => {
  const huge: TfliteBytes = {
    byteLength: 5 * 2 ** 30,
    read: (begin = 0, end = 0) => {
      if (end - begin > 8 * 2 ** 20) throw new Error("asked for too much at once");
      return new Uint8Array(end - begin).fill(Math.floor(begin / 2 ** 30));
    },
  };
  const big = {
    ...model,
    signatures: [],
    buffers: [...model.buffers, huge, bytesOf(Uint8Array.of(42))],
    subgraphs: [
      {
        tensors: [tensor("huge", { shape: [5 * 2 ** 10, 2 ** 20], buffer: 5 }), tensor("last", { shape: [1], buffer: 6 })],
        inputs: [],
        outputs: [],
        operators: [],
      },
    ],
  };
  const file = tfliteFile(big);
  const [tables] = file.chunks();
  const end = file.byteLength;
  const source: TfliteBytes = {
    byteLength: end,
    read: (begin = 0, stop = 0) =>
      begin < tables!.byteLength ? tables!.slice(begin, stop) : begin === end - 1 ? Uint8Array.of(42) : huge.read(begin, stop),
  };
  const [, , , , , first, last] = readTflite(source).buffers;
  expect(first?.byteLength).toBe(5 * 2 ** 30);
  expect(last?.read()).toEqual(Uint8Array.of(42));
});

test("a file cut at any byte is a coded error", () => {
  const bytes = fileOf({
    ...model,
    subgraphs: [{ ...model.subgraphs[0]!, operators: model.subgraphs[0]!.operators.slice(0, 3) }],
    signatures: [],
  });
  for (let length = 0; length < bytes.byteLength; length += 1) {
    expect(() => readTflite(bytesOf(bytes.slice(0, length))), `cut at ${length}`).toThrow(FormatError);
  }
});

test("5000 mutants are read or refused with a code, and none asks for more than the file", () => {
  const bytes = fileOf(model, 4);
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const extremes = [0, 1, 127, 128, 254, 255];
  const codes = new Map<string, number>();
  for (let round = 0; round < 5000; round += 1) {
    const mutant = bytes.slice();
    for (let flips = 1 + next(3); flips > 0; flips -= 1) {
      const at = next(mutant.byteLength);
      if (next(2) === 0) mutant[at] = extremes[next(extremes.length)]!;
      else
        new DataView(mutant.buffer).setUint32(
          Math.min(at, mutant.byteLength - 4),
          next(2) === 0 ? next(mutant.byteLength) : 2 ** 32 - 1 - next(64),
          true,
        );
    }
    const code = codeOf(() => readTflite(bytesOf(mutant)).buffers.forEach((buffer) => buffer.read()));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].sort()).toEqual(["VX-DECODE-TFLITE-MALFORMED", "VX-DECODE-TFLITE-UNSUPPORTED", "accepted"]);
});

function codeOf(action: () => void): string {
  try {
    action();
    return "accepted";
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

test("a shared vector cannot unfold into more than the limit", () => {
  const shape = Array.from({ length: 3000 }, () => 1);
  const bytes = fileOf({
    ...model,
    subgraphs: [
      { tensors: [tensor("wide", { shape }), ...Array.from({ length: 2000 }, () => tensor("x"))], inputs: [], outputs: [], operators: [] },
    ],
    signatures: [],
  });
  const view = new DataView(bytes.buffer);
  const shared = wordsEqual(view, shape.length).find((at) => view.getUint32(at + 4, true) === 1)!;
  for (const at of wordsEqual(view, 2).filter((place) => view.getUint32(place + 4, true) === 2 && view.getUint32(place + 8, true) === 3)) {
    for (const reference of wordsPointingTo(view, at)) if (shared > reference) view.setUint32(reference, shared - reference, true);
  }
  expect(() => readTflite(bytesOf(bytes))).toThrow(/more than \d+ vector elements/);
});

function wordsEqual(view: DataView, value: number): number[] {
  return Array.from({ length: Math.floor(view.byteLength / 4) }, (_, i) => i * 4).filter((at) => view.getUint32(at, true) === value);
}

function wordsPointingTo(view: DataView, target: number): number[] {
  return Array.from({ length: Math.floor(target / 4) }, (_, i) => i * 4).filter((at) => at + view.getUint32(at, true) === target);
}

test.each([
  ["an identifier", (bytes: Uint8Array) => bytes.set([66], 4), 'the identifier is "BFL3", expected "TFL3"'],
  ["a root", (bytes: Uint8Array) => bytes.set([255, 255, 255, 127], 0), "is not on a multiple of 4 bytes"],
])("%s out of place is named", (_, damage, message) => {
  const bytes = fileOf(model);
  damage(bytes);
  expect(() => readTflite(bytesOf(bytes))).toThrow(message);
});

test.each([
  [
    "a buffer that is not there",
    { subgraphs: [{ tensors: [tensor("w", { buffer: 9 })], inputs: [], outputs: [], operators: [] }], signatures: [] },
    'tensor "w": buffer 9 is outside 0..4',
  ],
  [
    "an unknown operator",
    { operatorCodes: [{ op: "CONV2D", version: 1 }], subgraphs: [], signatures: [] },
    "operator CONV2D is not in the schema",
  ],
  ["a sentinel with data", { buffers: [bytesOf(Uint8Array.of(1))] }, "buffer 0 must be there and be empty"],
  [
    "opaque options",
    {
      subgraphs: [
        {
          tensors: [],
          inputs: [],
          outputs: [],
          operators: [{ opcode: 0, inputs: [], outputs: [], options: { kind: "Opaque", union: 1, code: 6 } }],
        },
      ],
      signatures: [],
    } satisfies Partial<TfliteModel>,
    "options 6 were read without their fields",
  ],
])("%s cannot be written", (_, change, message) => {
  expect(() => tfliteFile({ ...model, ...change })).toThrow(message);
});
