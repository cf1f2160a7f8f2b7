import type { TfliteBytes, TfliteModel, TfliteQuantization, TfliteTensor } from "@vlm-export/formats/tflite";
import { expect, test } from "vitest";
import { derivedProblem, type Traced } from "./derived.js";

const bytesOf = (array: Float32Array | Int32Array): TfliteBytes => {
  const bytes = new Uint8Array(array.buffer);
  return { byteLength: bytes.byteLength, read: (begin, end) => bytes.subarray(begin, end) };
};
const EMPTY: TfliteBytes = { byteLength: 0, read: () => new Uint8Array() };

const per = (scale: readonly number[], zeroPoint: readonly number[] = []): TfliteQuantization => ({
  scale,
  zeroPoint,
  quantizedDimension: 0,
  min: [],
  max: [],
});

interface Parts {
  readonly copy: TfliteQuantization;
  readonly factors: readonly number[];
  readonly zeros: readonly number[];
  /** Of a float constant that nobody reads. */
  readonly spare: readonly number[];
}

/** x is transposed to `copy`; the int32 bias b is made real by a product with `factors`; another bias holds `zeros`. */
function modelOf({ copy, factors, zeros, spare }: Parts): TfliteModel {
  const tensor = (name: string, type: TfliteTensor["type"], buffer = 0, quantization?: TfliteQuantization): TfliteTensor => ({
    name,
    type,
    shape: [2],
    buffer,
    isVariable: false,
    hasRank: true,
    ...(quantization && { quantization }),
  });
  return {
    description: "",
    operatorCodes: ["TRANSPOSE", "CAST", "MUL"].map((op) => ({ op, version: 1 })),
    buffers: [
      EMPTY,
      bytesOf(Int32Array.of(7, 8)),
      bytesOf(Float32Array.from(factors)),
      bytesOf(Int32Array.from(zeros)),
      bytesOf(Float32Array.from(spare)),
    ],
    metadata: [],
    signatures: [],
    subgraphs: [
      {
        tensors: [
          tensor("x", "INT8", 0, per([0.5], [3])),
          tensor("copy", "INT8", 0, copy),
          tensor("b", "INT32", 1, per([0.25, 2])),
          tensor("cast", "FLOAT32"),
          tensor("factors", "FLOAT32", 2),
          tensor("real", "FLOAT32"),
          tensor("zeros", "INT32", 3, per([1])),
          tensor("spare", "FLOAT32", 4),
        ],
        inputs: [0],
        outputs: [1, 5],
        operators: [
          { opcode: 0, inputs: [0], outputs: [1] },
          { opcode: 1, inputs: [2], outputs: [3] },
          { opcode: 2, inputs: [3, 4], outputs: [5] },
        ],
      },
    ],
  };
}

const RIGHT: Parts = { copy: per([0.5], [3]), factors: [0.25, 2], zeros: [0, 0], spare: [0, 0] };
const TRACED: Traced = { located: new Set([0, 2]), areAllLocated: true };

test("tensors that go with those of values are fine", () => {
  expect(derivedProblem(modelOf(RIGHT), TRACED)).toBeUndefined();
});

test.each<[string, Partial<Parts>, string]>([
  ["a copy with another scale", { copy: per([1], [3]) }, "copy is x moved, with other scales or zero points"],
  ["a copy with another zero point", { copy: per([0.5], [4]) }, "copy is x moved, with other scales or zero points"],
  ["a copy without qparams", { copy: per([]) }, "copy is x moved, with other scales or zero points"],
  ["factors that are not the bias's scales", { factors: [0.25, 1] }, "factors is not the scales of b, which it multiplies"],
  ["factors of nobody", { zeros: [0, 0], spare: [1, 2] }, "spare is a constant that stands for no value of the graph"],
  ["a bias of nobody that is not 0", { zeros: [0, 1] }, "zeros stands for no value of the graph and is not 0"],
])("%s is told by name", (_name, parts, problem) => {
  expect(derivedProblem(modelOf({ ...RIGHT, ...parts }), TRACED)).toMatchObject({ problem });
});

test("a manifest lists no constants that are not quantized, so that none is missed", () => {
  expect(derivedProblem(modelOf({ ...RIGHT, spare: [1, 2] }), { ...TRACED, areAllLocated: false })).toBeUndefined();
});
