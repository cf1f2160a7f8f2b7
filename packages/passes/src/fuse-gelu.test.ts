import type { Graph, Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { fuseGelu } from "./fuse-gelu.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const ROOT = Math.sqrt(2 / Math.PI);

type Form = (b: Builder, x: Value) => Value;

const onePlusErf: Form = (b, x) => b.op("Add", [b.op("Erf", [b.op("Div", [x, Math.SQRT2])]), 1]);
const ERF: readonly (readonly [string, Form])[] = [
  ["0.5 · (x · (1 + erf(x / √2)))", (b, x) => b.op("Mul", [0.5, b.op("Mul", [x, onePlusErf(b, x)])])],
  ["(x · 0.5) · (1 + erf(x / √2))", (b, x) => b.op("Mul", [b.op("Mul", [x, 0.5]), onePlusErf(b, x)])],
  ["x · (0.5 · (1 + erf(x / √2)))", (b, x) => b.op("Mul", [x, b.op("Mul", [0.5, onePlusErf(b, x)])])],
  ["(1 + erf(x / √2)) · x / 2", (b, x) => b.op("Div", [b.op("Mul", [onePlusErf(b, x), x]), 2])],
  [
    "x · (0.5 + 0.5 · erf(0.7071 · x))",
    (b, x) => b.op("Mul", [x, b.op("Add", [0.5, b.op("Mul", [b.op("Erf", [b.op("Mul", [Math.SQRT1_2, x])]), 0.5])])]),
  ],
];

test.each(ERF)("%s is Gelu", async (_, form) => {
  const b = builder();
  const after = await engine.expectSame(b.finish(form(b, b.input("x", ["n", 8]))), fuseGelu, ["Gelu"]);
  expect(after.nodes[0]?.attrs["approximate"]).toBe("none");
});

const halfTanh = (b: Builder, x: Value, argument: Value): Value =>
  b.op("Mul", [b.op("Mul", [x, 0.5]), b.op("Add", [b.op("Tanh", [argument]), 1])]);
const cubes: readonly (readonly [string, Form])[] = [
  ["Pow(x, 3)", (b, x) => b.op("Pow", [x, 3])],
  ["x · x · x", (b, x) => b.op("Mul", [b.op("Mul", [x, x]), x])],
  ["x · Pow(x, 2)", (b, x) => b.op("Mul", [x, b.op("Pow", [x, 2])])],
];

test.each(cubes)("the tanh form with %s is Gelu", async (_, cube) => {
  const b = builder();
  const x = b.input("x", ["n", 8]);
  const sum = b.op("Add", [x, b.op("Mul", [cube(b, x), 0.044715])]);
  const after = await engine.expectSame(b.finish(halfTanh(b, x, b.op("Mul", [sum, ROOT]))), fuseGelu, ["Gelu"]);
  expect(after.nodes[0]?.attrs["approximate"]).toBe("tanh");
});

test("the tanh form with x factored out is Gelu", async () => {
  const b = builder();
  const x = b.input("x", ["n", 8]);
  const polynomial = b.op("Add", [1, b.op("Mul", [b.op("Mul", [0.044715, x]), x])]);
  await engine.expectSame(b.finish(halfTanh(b, x, b.op("Mul", [b.op("Mul", [ROOT, x]), polynomial]))), fuseGelu, ["Gelu"]);
});

test("constants of half precision are near enough", async () => {
  const b = builder("f16");
  const x = b.input("x", ["n", 8]);
  const erf = b.op("Mul", [b.op("Mul", [x, 0.5]), onePlusErf(b, x)]);
  const sum = b.op("Add", [erf, b.op("Mul", [b.op("Pow", [erf, 3]), 0.044715])]);
  const graph = b.finish(halfTanh(b, erf, b.op("Mul", [sum, ROOT])));
  await engine.expectSame(graph, fuseGelu, ["Gelu", "Gelu"], 5e-3);
});

test("a value between that is read elsewhere does not hinder", async () => {
  const b = builder();
  const x = b.input("x", [8]);
  const gate = onePlusErf(b, x);
  await engine.expectSame(b.finish(b.op("Mul", [b.op("Mul", [x, 0.5]), gate]), gate), fuseGelu, ["Div", "Erf", "Add", "Gelu"]);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value) => Graph])[] = [
  ["the factor is 0.51", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [x, 0.51]), onePlusErf(b, x)]))],
  ["erf of x / 1.41", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [x, 0.5]), b.op("Add", [b.op("Erf", [b.op("Div", [x, 1.41])]), 1])]))],
  ["1 is 1.1", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [x, 0.5]), b.op("Add", [b.op("Erf", [b.op("Div", [x, Math.SQRT2])]), 1.1])]))],
  ["the gate is of another value", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [b.input("z", [8]), 0.5]), onePlusErf(b, x)]))],
  ["there are three factors", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [b.op("Mul", [x, x]), 0.5]), onePlusErf(b, x)]))],
  [
    "the cube is a square",
    (b, x) => b.finish(halfTanh(b, x, b.op("Mul", [b.op("Add", [x, b.op("Mul", [b.op("Pow", [x, 2]), 0.044715])]), ROOT]))),
  ],
  [
    "the coefficient is 0.045",
    (b, x) => b.finish(halfTanh(b, x, b.op("Mul", [b.op("Add", [x, b.op("Mul", [b.op("Pow", [x, 3]), 0.045])]), ROOT]))),
  ],
  ["a constant adds a dimension", (b, x) => b.finish(b.op("Mul", [b.op("Mul", [x, b.constant([0.5], [1, 1])]), onePlusErf(b, x)]))],
  [
    "a constant inside adds a dimension",
    (b, x) => {
      const sum = b.op("Add", [x, b.op("Mul", [b.op("Pow", [x, 3]), 0.044715])]);
      return b.finish(halfTanh(b, x, b.op("Mul", [sum, b.constant([ROOT], [1, 1])])));
    },
  ],
];

test.each(NEAR_MISSES)("no Gelu when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(make(b, b.input("x", [8])), fuseGelu))).not.toContain("Gelu");
});
