import fc from "fast-check";
import { expect, test } from "vitest";
import { ONNX_DATA_TYPES, onnxDataTypeOf } from "./data-types.js";
import { encodeMessage, longField } from "./encode-small.js";
import { FormatError } from "../files/index.js";
import type { OnnxTensor } from "./model.js";
import { readOnnxBytes } from "./read-onnx.js";
import { checkTensors, openTensor } from "./tensor-size.js";

/** The tensor with these TensorProto fields, read from a model. */
function tensorOf(fields: object): OnnxTensor {
  return firstOf(encodeMessage("TensorProto", fields));
}

function firstOf(tensor: Uint8Array): OnnxTensor {
  const graph = encodeMessage("GraphProto", { name: "g" });
  const withTensor = Buffer.concat([graph, Buffer.of(0x2a, ...varint(tensor.byteLength)), tensor]);
  const model = Buffer.concat([Buffer.of(8, 10, 0x3a, ...varint(withTensor.byteLength)), withTensor]);
  const [first] = readOnnxBytes(new Uint8Array(model)).graph.initializers;
  if (first === undefined) throw new Error("the model has an initializer");
  return first;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

const bytesOf = (tensor: OnnxTensor) => [...openTensor(tensor).read()];
const hexOf = (tensor: OnnxTensor) => Buffer.from(openTensor(tensor).read()).toString("hex");

test("8- and 16-bit elements are the low bits of their int32 entries", () => {
  const rows = ONNX_DATA_TYPES.filter(({ field, bits }) => field === "int32_data" && (bits === 8 || bits === 16));
  fc.assert(
    fc.property(fc.constantFrom(...rows), fc.array(fc.integer({ min: -128, max: 255 }), { maxLength: 9 }), ({ code, bits }, values) => {
      const expected = values.flatMap((value) => (bits === 8 ? [value & 255] : [value & 255, (value >> 8) & 255]));
      expect(bytesOf(tensorOf({ dataType: code, dims: [values.length], int32Data: values }))).toEqual(expected);
    }),
  );
});

test("i32, i64, u64, u32, f32 and f64 elements keep all bits", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 5 }), (values) => {
      const dims = [values.length];
      const wide = (typed: BigInt64Array | Int32Array) => [...new Uint8Array(typed.buffer)];
      const narrow = values.map((value) => Number(BigInt.asIntN(32, value)));
      expect(bytesOf(tensorOf({ dataType: 7, dims, int64Data: values.map(longField) }))).toEqual(wide(BigInt64Array.from(values)));
      expect(bytesOf(tensorOf({ dataType: 13, dims, uint64Data: values.map(longField) }))).toEqual(wide(BigInt64Array.from(values)));
      expect(bytesOf(tensorOf({ dataType: 6, dims, int32Data: narrow }))).toEqual(wide(Int32Array.from(narrow)));
      expect(bytesOf(tensorOf({ dataType: 12, dims, uint64Data: narrow.map((value) => value >>> 0) }))).toEqual(
        wide(Int32Array.from(narrow)),
      );
    }),
  );
  expect(hexOf(tensorOf({ dataType: 1, dims: [2], floatData: [1.5, -2] }))).toBe("0000c03f000000c0");
  expect(hexOf(tensorOf({ dataType: 11, dims: [], doubleData: [-2] }))).toBe("00000000000000c0");
  expect(hexOf(tensorOf({ dataType: 14, dims: [1], floatData: [1.5, -2] }))).toBe("0000c03f000000c0");
  expect(hexOf(tensorOf({ dataType: 15, dims: [1], doubleData: [0, -2] }))).toBe("000000000000000000000000000000c0");
});

test.each([
  ["i4", 5, [0x21, 0x43, 0x05], "214305"],
  ["u4", 1, [0x0f], "0f"],
  ["f4e2m1", 4, [0x21, 0xf3], "21f3"],
  ["u2", 5, [0xe4, 0x01], "e401"],
  ["f6e2m3", 5, [1, 63, 32, 7, 21], "c10f1e15"],
])("%s entries hold what onnx.proto says", (dtype, count, entries, expected) => {
  expect(hexOf(tensorOf({ dataType: onnxDataTypeOf(dtype)?.code, dims: [count], int32Data: entries }))).toBe(expected);
});

test("fields that are split, or not packed, are joined", () => {
  const head = encodeMessage("TensorProto", { dataType: 7, dims: [4] });
  const packed = Buffer.of(0x3a, 2, 1, 2);
  const single = Buffer.of(0x38, 3);
  expect(hexOf(firstOf(Buffer.concat([head, packed, single, single])))).toBe(
    "01000000000000000200000000000000030000000000000003".padEnd(64, "0"),
  );
  const float = Buffer.of(0x25, 0, 0, 0xc0, 0x3f);
  const floats = Buffer.concat([encodeMessage("TensorProto", { dataType: 1, dims: [2] }), float, float]);
  expect(hexOf(firstOf(floats))).toBe("0000c03f0000c03f");
});

test("packed floats are read in place, varints are decoded", () => {
  expect(tensorOf({ dataType: 1, dims: [1], floatData: [1] }).data.kind).toBe("inline");
  expect(tensorOf({ dataType: 6, dims: [1], int32Data: [1] }).data.kind).toBe("typed");
  expect(tensorOf({ dataType: 6, dims: [1], rawData: new Uint8Array(4) }).data.kind).toBe("inline");
});

const refusals: readonly (readonly [string, object, RegExp])[] = [
  [
    "too few entries",
    { dataType: 7, dims: [3], int64Data: [1, 2] },
    /^VX-IMPORT-ONNX-TENSOR-SIZE: .*INT64\[3\] needs 3 entries of int64_data, but has 2/,
  ],
  ["too many bytes", { dataType: 1, dims: [2], rawData: new Uint8Array(9) }, /FLOAT\[2\] needs 8 bytes, but has 9/],
  ["no elements", { dataType: 1, dims: [2] }, /needs 8 bytes, but has 0/],
  [
    "two fields",
    { dataType: 6, dims: [1], int32Data: [1], rawData: new Uint8Array(4) },
    /^VX-IMPORT-ONNX-TENSOR-DATA: .* has elements in int32_data and in raw_data/,
  ],
  ["the wrong field", { dataType: 7, dims: [1], int32Data: [1] }, /int32_data, which does not hold INT64; expected int64_data/],
  ["raw strings", { dataType: 8, dims: [1], rawData: new Uint8Array(4) }, /raw_data, which does not hold STRING/],
  ["too few strings", { dataType: 8, dims: [2], stringData: [new Uint8Array(1)] }, /STRING\[2\] needs 2 strings, but has 1/],
  [
    "an unknown type",
    { dataType: 99, dims: [1], rawData: new Uint8Array(4) },
    /^VX-IMPORT-ONNX-DATA-TYPE: .* unknown data type 99; expected 1 to 28/,
  ],
  ["no type", { dims: [1], rawData: new Uint8Array(4) }, /unknown data type 0/],
  ["a negative dimension", { dataType: 1, dims: [longField(-1)] }, /^VX-IMPORT-ONNX-NUMBER: .* cannot be -1/],
  ["an extent beyond 2^53", { dataType: 1, dims: [longField(2n ** 60n)] }, /cannot be 1152921504606846976/],
  [
    "a product beyond 2^53",
    { dataType: 1, dims: [longField(2n ** 40n), longField(2n ** 40n)], int32Data: [] },
    /needs \S+ elements, but has 0/,
  ],
  ["a segment", { dataType: 1, dims: [1], segment: { begin: 0, end: 1 } }, /is one segment of a tensor/],
  ["17 dimensions", { dataType: 1, dims: Array.from({ length: 17 }, () => 1) }, /More than 16 dimensions/],
  [
    "external and inline data",
    { dataType: 1, dims: [1], dataLocation: 1, externalData: [{ key: "location", value: "x" }], rawData: new Uint8Array(4) },
    /both external and inline/,
  ],
];

function errorOf(fields: object): string {
  try {
    const tensor = tensorOf({ name: "w", ...fields });
    if (tensor.data.kind === "strings") tensor.data.strings();
    else openTensor(tensor);
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

test.each(refusals)("a tensor with %s is refused", (_, fields, message) => {
  expect(errorOf(fields)).toMatch(message);
});

test("a check of all tensors finds what opening them would", () => {
  const graph = encodeMessage("GraphProto", { initializer: [{ name: "w", dataType: 1, dims: [2], rawData: new Uint8Array(4) }] });
  const model = readOnnxBytes(new Uint8Array(Buffer.concat([Buffer.of(8, 10, 0x3a, graph.byteLength), graph])));
  expect(() => checkTensors(model)).toThrow('Tensor "w" of type FLOAT[2] needs 8 bytes, but has 4.');
});
