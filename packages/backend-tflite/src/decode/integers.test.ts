import * as fc from "fast-check";
import { expect, test } from "vitest";
import { memoryTensor } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { storedShape } from "../layout.js";
import { integerBytes } from "../lower/constant-bytes.js";
import { graphIntegers } from "./integers.js";

const kernels = createKernels();

test.each(["i8", "u8", "i4", "u4"] as const)("%s integers come back from any layout", (storage) => {
  const shapeAndLayout = fc
    .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })));
  fc.assert(
    fc.property(shapeAndLayout, fc.infiniteStream(fc.nat(255)), ([shape, layout], random) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const isNibbles = storage.endsWith("4");
      const bytes = Uint8Array.from({ length: isNibbles ? Math.ceil(count / 2) : count }, () => random.next().value as number);
      if (isNibbles && count % 2 === 1) bytes[bytes.length - 1]! &= 15;
      const stored = integerBytes(memoryTensor(storage, shape, bytes), shape, layout);
      const back = graphIntegers(stored, storedShape(shape, layout), { storage, layout, isShifted: storage.startsWith("u"), kernels });
      expect(Buffer.from(back.bytes())).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 200 },
  );
});
