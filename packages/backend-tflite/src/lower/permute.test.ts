import * as fc from "fast-check";
import { expect, test } from "vitest";
import { permuted } from "./permute.js";

test("element [i…] of the graph lies at its place in the layout", () => {
  const shapeAndLayout = fc
    .array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })));
  fc.assert(
    fc.property(shapeAndLayout, ([shape, layout]) => {
      const source = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      let expected = [0];
      for (const axis of layout)
        expected = expected.flatMap((base) => Array.from({ length: shape[axis]! }, (_, i) => base + i * strides[axis]!));
      expect([...permuted(source, shape, layout)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
