import { bf16ToNumber, f16ToNumber } from "@vlm-export/numerics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { GraphEditor } from "./editor.js";
import type { OpRegistry } from "./op-def.js";
import { parseGraph } from "./parse.js";
import { printGraph } from "./print.js";
import { contentHash, memoryTensor, type TensorData } from "./tensor-data.js";
import { storedTensor, widenedTensor } from "./widened-tensor.js";

const NO_OPS: OpRegistry = { get: () => undefined, all: new Map() };

function halves(dtype: "f16" | "bf16", bits: readonly number[]): TensorData {
  return memoryTensor(dtype, [bits.length], new Uint8Array(Uint16Array.from(bits).buffer));
}

function textOf(data: TensorData, inlineLimitBytes?: number): string {
  const edit = new GraphEditor(NO_OPS, "g");
  edit.addOutput(edit.addConstant("w", data));
  return printGraph(edit.graph, inlineLimitBytes === undefined ? {} : { inlineLimitBytes });
}

test.each([
  ["f16", f16ToNumber],
  ["bf16", bf16ToNumber],
] as const)("any range of a widened %s tensor is that range of the whole", (dtype, toNumber) => {
  const patterns = fc.array(fc.integer({ min: 0, max: 0x7b00 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(patterns, fc.nat(), fc.nat(), (bits, a, b) => {
      const wide = widenedTensor(halves(dtype, bits));
      const whole = new Uint8Array(Float32Array.from(bits, toNumber).buffer);
      const [begin, end] = [a % (whole.length + 1), b % (whole.length + 1)].toSorted((x, y) => x - y) as [number, number];
      expect(wide).toMatchObject({ dtype: "f32", shape: [bits.length], byteLength: whole.length });
      expect([...wide.bytes()]).toEqual([...whole]);
      expect([...wide.bytes(begin, end)]).toEqual([...whole.subarray(begin, end)]);
      const target = new Uint8Array(end - begin + (a % 5)).subarray(a % 5);
      wide.readInto?.(target, begin);
      expect([...target]).toEqual([...whole.subarray(begin, end)]);
    }),
  );
});

test("one narrow tensor has one widened form, which knows it", () => {
  const narrow = halves("f16", [0x3c00]);
  const wide = widenedTensor(narrow);
  expect(widenedTensor(narrow)).toBe(wide);
  expect([storedTensor(wide), storedTensor(narrow)]).toEqual([narrow, narrow]);
  expect(() => widenedTensor(wide)).toThrow("f32 is no 16-bit float");
});

test("the text form holds what is stored, whole or by hash, and is read back as a widened tensor", () => {
  const narrow = halves("bf16", [0x3f80, 0xc000]);
  const text = textOf(widenedTensor(narrow));
  expect(text).toContain('const %w: f32[2] = widened bf16[2] "gD8AwA=="');
  const data = parseGraph(text).constants[0]!.data!;
  expect([data.dtype, data.narrow?.dtype, [...new Float32Array(data.bytes().buffer)]]).toEqual(["f32", "bf16", [1, -2]]);
  const hashed = textOf(widenedTensor(narrow), 3);
  expect(hashed).toContain(`widened bf16[2] sha256 "${contentHash(narrow)}"`);
  expect(textOf(parseGraph(hashed, { resolve: () => narrow }).constants[0]!.data!)).toBe(text);
});

test("only 16-bit floats can follow widened", () => {
  const text = textOf(widenedTensor(halves("f16", [0]))).replace('widened f16[1] "AAA="', 'widened f32[1] "AAAAAA=="');
  expect(() => parseGraph(text)).toThrow("expected f16 or bf16 elements after widened");
});
