import type { Attrs } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { flattenDepth } from "./flatten-depth.js";
import { type Builder, builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

test.each(["f32", "f16"] as const)("patches of two frames become patches of twice the channels (%s)", async (dtype) => {
  const b = builder(dtype);
  const x = b.input("x", ["n", 3, 2, 4, 4]);
  const graph = b.finish(
    b.op("Conv", [x, b.random(8, 3, 2, 4, 4)], { kernel_shape: [2, 4, 4], strides: [2, 4, 4], dilations: [1, 1, 1], group: 1 }),
  );
  const { nodes } = await engine.expectSame(graph, flattenDepth, ["Reshape", "Conv", "Unsqueeze"], dtype === "f16" ? 2e-3 : undefined);
  expect(nodes[1]?.attrs).toMatchObject({ kernel_shape: [4, 4], strides: [4, 4], dilations: [1, 1] });
});

test("windows that slide over height and width, with a bias and padding", async () => {
  const b = builder();
  const x = b.input("x", [2, 2, 3, 5, 6]);
  const graph = b.finish(b.op("Conv", [x, b.random(4, 2, 3, 3, 2), b.random(4)], { pads: [0, 1, 0, 0, 2, 1], strides: [1, 2, 1] }));
  await engine.expectSame(graph, flattenDepth, ["Reshape", "Conv", "Unsqueeze"]);
});

const NEAR_MISSES: readonly (readonly [string, number, Attrs])[] = [
  ["the kernel is less deep", 2, {}],
  ["the depth is padded", 3, { pads: [1, 0, 0, 0, 0, 0] }],
  ["padding follows from the extents", 3, { auto_pad: "SAME_UPPER" }],
  ["there are groups", 3, { group: 2 }],
];

test.each(NEAR_MISSES)("nothing changes when %s", (_, depth, attrs) => {
  const b = builder();
  const graph = b.finish(conv(b, depth, attrs));
  expect(opsOf(rewrite(graph, flattenDepth))).toEqual(["Conv"]);
});

function conv(b: Builder, depth: number, attrs: Attrs) {
  const channels = attrs["group"] ? 1 : 2;
  return b.op("Conv", [b.input("x", [1, 2, 3, 4, 4]), b.random(4, channels, depth, 2, 2)], attrs);
}
