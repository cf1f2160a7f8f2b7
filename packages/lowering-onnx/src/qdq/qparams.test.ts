import * as fc from "fast-check";
import { memoryTensor, type QuantSpec } from "@vlm-export/ir";
import { bf16ToNumber, f16ToNumber } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { widenedScale, zeroPointOf } from "./qparams.js";

test.each([
  ["f16", f16ToNumber],
  ["bf16", bf16ToNumber],
] as const)("any range of a widened %s scale is that range of the whole", (dtype, toNumber) => {
  const patterns = fc.array(fc.integer({ min: 0, max: 0x7b00 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(patterns, fc.nat(), fc.nat(), (bits, a, b) => {
      const wide = widenedScale(memoryTensor(dtype, [bits.length], new Uint8Array(Uint16Array.from(bits).buffer)));
      const whole = new Uint8Array(Float32Array.from(bits, toNumber).buffer);
      const [begin, end] = [a % (whole.length + 1), b % (whole.length + 1)].toSorted((x, y) => x - y) as [number, number];
      expect(wide).toMatchObject({ dtype: "f32", shape: [bits.length], byteLength: whole.length });
      expect([...wide.bytes()]).toEqual([...whole]);
      expect([...wide.bytes(begin, end)]).toEqual([...whole.subarray(begin, end)]);
    }),
  );
});

test("a symmetric spec has zeros, packed, as many as it has scales", () => {
  const spec: QuantSpec = { storage: "i4", range: [-7, 7], granularity: "block", mode: "static" };
  const zeros = zeroPointOf(spec, memoryTensor("f16", [3, 3], new Uint8Array(18)));
  expect(zeros).toMatchObject({ dtype: "i4", shape: [3, 3], byteLength: 5 });
  expect([...zeros.bytes(), ...zeros.bytes(1, 3)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
