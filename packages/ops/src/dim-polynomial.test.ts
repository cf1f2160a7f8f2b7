import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalDim, parseDim, printPolynomial } from "./dim-polynomial.js";
import { addDims, ceilDivideDim, divideDims, floorDivideDim, multiplyDims, productOf, quotientOf, subtractDims } from "./shape-math.js";

const symbols = { batch: 3, seq: 17, h: 224, w: 61 };

/** The number that an extent stands for when the symbols have these values. */
function valueOf(dim: number | string): number {
  if (typeof dim === "number") return dim;
  const expression = dim.replaceAll("floor", "Math.floor");
  return new Function(...Object.keys(symbols), `return ${expression}`)(...Object.values(symbols)) as number;
}

const leaf = fc.oneof(fc.integer({ min: -9, max: 40 }), fc.constantFrom(...Object.keys(symbols)));
type Operation = (a: number | string, n: number | string) => number | string | undefined;
const operations: readonly (readonly [Operation, (a: number, b: number) => number])[] = [
  [addDims, (a, b) => a + b],
  [subtractDims, (a, b) => a - b],
  [multiplyDims, (a, b) => a * b],
  [(a, n) => floorDivideDim(a, typeof n === "number" && n > 0 ? n : 2), (a, n) => Math.floor(a / n)],
  [(a, n) => ceilDivideDim(a, typeof n === "number" && n > 0 ? n : 2), (a, n) => Math.ceil(a / n)],
];

test("symbolic arithmetic agrees with arithmetic on the values of the symbols", () => {
  const step = fc.record({ operation: fc.nat(operations.length - 1), operand: leaf });
  fc.assert(
    fc.property(leaf, fc.array(step, { maxLength: 6 }), (start, steps) => {
      let dim: number | string | undefined = start;
      let value = valueOf(start);
      for (const { operation, operand } of steps) {
        const [symbolic, numeric] = operations[operation] as (typeof operations)[number];
        const divides = operation >= 3;
        const by = divides && !(typeof operand === "number" && operand > 0) ? 2 : operand;
        dim = symbolic(dim, by);
        value = numeric(value, valueOf(by));
        if (dim === undefined) return;
      }
      expect(valueOf(dim) + 0).toBe(value + 0);
    }),
    { numRuns: 1000 },
  );
});

test("what arithmetic prints is canonical: parsing and printing gives it back", () => {
  fc.assert(
    fc.property(leaf, leaf, leaf, fc.integer({ min: 1, max: 9 }), (a, b, c, n) => {
      const product = multiplyDims(addDims(a, b) ?? 0, c);
      const dim = floorDivideDim(product ?? 0, n) ?? 0;
      expect(printPolynomial(parseDim(dim))).toBe(dim);
    }),
  );
});

test("the order of operations does not show: equal extents have equal text", () => {
  expect(addDims("seq", addDims("past", 1) ?? "")).toBe("past+seq+1");
  expect(addDims(addDims(1, "seq") ?? "", "past")).toBe("past+seq+1");
  expect(multiplyDims(addDims("h", 1) ?? "", 2)).toBe("2*h+2");
  expect(subtractDims("seq", "past")).toBe("-1*past+seq");
});

test("nested window arithmetic collapses: two convolutions of stride 2 divide by 4", () => {
  const once = addDims(floorDivideDim(addDims("h", -1) ?? 0, 2) ?? 0, 1) as string;
  expect(once).toBe("floor((h+1)/2)");
  expect(addDims(floorDivideDim(addDims(once, -1) ?? 0, 2) ?? 0, 1)).toBe("floor((h+3)/4)");
  expect(floorDivideDim("16*h", 8)).toBe("2*h");
});

test("names that are no expression stay whole, whatever signs they hold", () => {
  for (const name of ["batch-size", "seq len", "a/b", "übung", "x:0", "2x"]) {
    expect(addDims(name, 0)).toBe(name);
    const more = addDims(name, 2) as string;
    expect(subtractDims(more, 2)).toBe(name);
    expect(divideDims(multiplyDims(name, 6) ?? 0, 6)).toBe(name);
  }
});

test("division without rest cancels factors; what does not divide is not told", () => {
  expect(divideDims("12*batch*seq", "4*seq")).toBe("3*batch");
  expect(divideDims("seq+1", 2)).toBeUndefined();
  expect(quotientOf(["batch", "seq+1", 768], ["batch", "seq+1", 12])).toBe(64);
  expect(quotientOf(["batch", 0], [0])).toBeUndefined();
});

test("extents too long to read are given up", () => {
  const many = Array.from({ length: 40 }, (_, i) => `symbol${i}`);
  expect(productOf(many)).toBeUndefined();
  expect(multiplyDims(Number.MAX_SAFE_INTEGER, 2)).toBeUndefined();
});

test("canonicalDim tidies expressions written with blanks and leaves other names alone", () => {
  expect(canonicalDim("past_sequence_length + 1")).toBe("past_sequence_length+1");
  expect(canonicalDim("sequence + past")).toBe("past+sequence");
  expect(canonicalDim("batch-size")).toBe("batch-size");
});
