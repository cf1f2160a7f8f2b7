import fc from "fast-check";
import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder, type Builder } from "./graphs.fixture.js";
import { cofactor, multipleOf, productOf } from "./product.js";

type Factor = { readonly kind: "x" | "z" | "neg" } | { readonly kind: "times" | "over"; readonly by: number };

const factor = fc.oneof(
  fc.constantFrom<Factor>({ kind: "x" }, { kind: "z" }, { kind: "neg" }),
  fc.record({ kind: fc.constantFrom("times" as const, "over" as const), by: fc.constantFrom(2, 4, 0.5) }),
);

function apply(b: Builder, value: Value, { kind, ...rest }: Factor, inputs: Readonly<Record<"x" | "z", Value>>): Value {
  if (kind === "neg") return b.op("Neg", [value]);
  if (kind === "x" || kind === "z") return b.op("Mul", [inputs[kind], value]);
  return b.op(kind === "times" ? "Mul" : "Div", [value, (rest as { readonly by: number }).by]);
}

test("whatever the order of multiplications, the constant and the factors are the same", () => {
  fc.assert(
    fc.property(fc.array(factor, { minLength: 1, maxLength: 8 }), (factors) => {
      const b = builder();
      const inputs = { x: b.input("x", [2]), z: b.input("z", [2]) };
      const value = factors.reduce((product, each) => apply(b, product, each, inputs), inputs.x);
      b.finish(value);
      const { constant, factors: found } = productOf(value, b.graph);
      const expected = factors.reduce((product, each) => {
        if (each.kind === "neg") return -product;
        return each.kind === "times" ? product * each.by : each.kind === "over" ? product / each.by : product;
      }, 1);
      const count = (kind: "x" | "z"): number => factors.filter((each) => each.kind === kind).length;
      expect(constant).toBe(expected);
      expect([inputs.x, inputs.z].map((input) => found.filter((each) => each === input).length)).toEqual([1 + count("x"), count("z")]);
    }),
    { numRuns: 50 },
  );
});

test("a part that something else reads is a factor as a whole", () => {
  const b = builder();
  const [x, z] = [b.input("x", [2]), b.input("z", [2])];
  const part = b.op("Mul", [x, 2]);
  const whole = b.op("Mul", [part, z]);
  b.finish(whole, b.op("Abs", [part]));
  expect(productOf(whole, b.graph)).toEqual({ constant: 1, factors: [part, z] });
  expect(multipleOf(part, x, b.graph)).toBe(2);
  expect(cofactor(productOf(whole, b.graph), z)).toBe(part);
});

test("powers up to four are products; others, and division by a value, are factors", () => {
  const b = builder();
  const x = b.input("x", [2]);
  const [cube, root, ratio] = [b.op("Pow", [x, 3]), b.op("Pow", [x, 0.5]), b.op("Div", [1, x])];
  b.finish(cube, root, ratio);
  expect(productOf(cube, b.graph).factors).toEqual([x, x, x]);
  expect([root, ratio].map((value) => productOf(value, b.graph).factors)).toEqual([[root], [ratio]]);
});

test("a chain longer than any formula is read in part, and not again from each of its nodes", () => {
  const b = builder();
  const [x, z] = [b.input("x", [2]), b.input("z", [2])];
  const chain = [x];
  for (let i = 0; i < 3000; i += 1) chain.push(b.op("Mul", [chain.at(-1) as Value, z]));
  b.finish(chain.at(-1) as Value);
  const read = chain.map((value) => productOf(value, b.graph).factors.length);
  expect(Math.max(...read)).toBe(13);
  expect(read.slice(0, 4)).toEqual([1, 2, 3, 4]);
});
