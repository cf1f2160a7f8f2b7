import * as fc from "fast-check";
import { expect, test } from "vitest";
import { channelsLast, regrouped, reshaped, rowMajor, sameOrder, storedShape, transposed } from "./layout.js";

/** Logical row-major element numbers in the order in which a layout stores them. */
function storedOrder(shape: readonly number[], layout: readonly number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let order = [0];
  for (const axis of layout) order = order.flatMap((base) => Array.from({ length: shape[axis]! }, (_, i) => base + i * strides[axis]!));
  return order;
}

const shapeAndLayout = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
  .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })));

test("a reshape keeps the stored order of the elements, or says that it cannot", () => {
  fc.assert(
    fc.property(shapeAndLayout, fc.array(fc.nat(4), { maxLength: 3 }), ([shape, layout], cuts) => {
      const to = regroup(shape, cuts);
      const result = reshaped(shape, layout, to);
      if (result) expect(storedOrder(to, result)).toEqual(storedOrder(shape, layout));
      else expect(sameOrder(shape, layout, rowMajor(shape.length))).toBe(false);
      expect(reshaped(shape, regrouped(shape, layout, to), to)).toBeDefined();
    }),
  );
});

/** Another shape of as many elements: neighbours merged, 1s put in. */
function regroup(shape: readonly number[], cuts: readonly number[]): number[] {
  const to = [...shape];
  for (const cut of cuts) {
    if (cut + 1 < to.length) to.splice(cut, 2, to[cut]! * to[cut + 1]!);
    else to.splice(cut, 0, 1);
  }
  return to;
}

test("a transpose moves no byte", () => {
  fc.assert(
    fc.property(shapeAndLayout, fc.infiniteStream(fc.nat()), ([shape, layout], random) => {
      const permutation = [...shape.keys()]
        .map((axis) => ({ axis, key: random.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ axis }) => axis);
      const result = transposed(layout, permutation);
      expect(
        storedShape(
          permutation.map((axis) => shape[axis]!),
          result,
        ),
      ).toEqual(storedShape(shape, layout));
      expect(
        transposed(
          result,
          permutation.map((_, axis) => permutation.indexOf(axis)),
        ),
      ).toEqual(layout);
    }),
  );
});

test("patch embedding needs no transpose: conv → flatten → [0, 2, 1] is row-major again", () => {
  const flat = reshaped([1, 128, 8, 8], channelsLast(4), [1, 128, 64]);
  expect(flat).toEqual([0, 2, 1]);
  expect(transposed(flat!, [0, 2, 1])).toEqual([0, 1, 2]);
});

test("a channel shuffle moves channels only, not rows and columns", () => {
  const split = reshaped([1, 6, 4, 4], channelsLast(4), [1, 2, 3, 4, 4])!;
  const swapped = transposed(split, [0, 2, 1, 3, 4]);
  expect(regrouped([1, 3, 2, 4, 4], swapped, [1, 6, 4, 4])).toEqual([0, 3, 4, 1, 2]);
});

test("merging axes that storage keeps apart needs row-major order first", () => {
  expect(reshaped([1, 3, 4, 4], channelsLast(4), [1, 48])).toBeUndefined();
  expect(reshaped([1, 1, 4, 4], channelsLast(4), [1, 16])).toEqual([0, 1]);
});
