import { memoryTensor, type QuantSpec } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { zeroPointOf } from "./qparams.js";

test("a symmetric spec has zeros, packed, as many as it has scales", () => {
  const spec: QuantSpec = { storage: "i4", range: [-7, 7], granularity: "block", mode: "static" };
  const zeros = zeroPointOf(spec, memoryTensor("f16", [3, 3], new Uint8Array(18)));
  expect(zeros).toMatchObject({ dtype: "i4", shape: [3, 3], byteLength: 5 });
  expect([...zeros.bytes(), ...zeros.bytes(1, 3)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
