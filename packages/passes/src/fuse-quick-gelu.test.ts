import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { fuseQuickGelu } from "./fuse-quick-gelu.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

const gate = (b: Builder, x: Value, factor = 1.702): Value => b.op("Sigmoid", [b.op("Mul", [x, factor])]);

test.each(["f32", "f16"] as const)("x · sigmoid(1.702 · x) in either order is QuickGelu (%s)", async (dtype) => {
  const b = builder(dtype);
  const x = b.input("x", ["n", 8]);
  const first = b.op("Mul", [x, gate(b, x)]);
  const graph = b.finish(b.op("Mul", [gate(b, first), first]));
  await engine.expectSame(graph, fuseQuickGelu, ["vlm::QuickGelu", "vlm::QuickGelu"], dtype === "f32" ? 2e-6 : 5e-3);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  ["the factor is 1.7", (b, x) => b.op("Mul", [x, gate(b, x, 1.7)])],
  ["there is no factor", (b, x) => b.op("Mul", [x, b.op("Sigmoid", [x])])],
  ["another value is gated", (b, x) => b.op("Mul", [b.input("z", [8]), gate(b, x)])],
  ["the product is scaled", (b, x) => b.op("Mul", [b.op("Mul", [x, 2]), gate(b, x)])],
  ["the factor adds a dimension", (b, x) => b.op("Mul", [x, b.op("Sigmoid", [b.op("Mul", [x, b.constant([1.702], [1, 1])])])])],
];

test.each(NEAR_MISSES)("no QuickGelu when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(make(b, b.input("x", [8]))), fuseQuickGelu))).not.toContain("vlm::QuickGelu");
});
