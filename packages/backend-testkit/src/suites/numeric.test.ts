import { type Backend, defineBackend, type Tensors } from "@vlm-export/backend-api";
import nullBackend from "@vlm-export/backend-null";
import { f32Tensor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { conformanceCases } from "../cases/cases.js";
import { numeric } from "./numeric.js";
import type { SuiteNote } from "./suite.js";

const ops = standardOps();

/** The suite on a weight-only product of [4, 64] and [64, 32], with an engine that answers `answer`. */
function check(answer: Tensors): Promise<SuiteNote> {
  const backend = defineBackend({
    ...(nullBackend as Backend),
    name: "answering",
    open: async () => ({ name: "engine", version: "1", run: async () => answer, close: async () => undefined }),
  });
  return numeric.check({ backend, ops, environment: {}, idleMs: 1000 }, conformanceCases[0]!.build(ops));
}

test("finite numbers in the graph's shape pass", async () => {
  expect(await check(new Map([["y", f32Tensor(new Float32Array(128), [4, 32])]]))).toEqual({
    status: "passed",
    detail: "engine 1: 1 outputs",
  });
});

test.each<readonly [string, Tensors, string]>([
  ["none", new Map(), 'output "y" is missing'],
  ["another shape", new Map([["y", f32Tensor([1, 2], [2])]]), 'output "y" has shape [2], the graph\'s is [4,32]'],
  ["NaN", new Map([["y", f32Tensor(new Float32Array(128).fill(Number.NaN), [4, 32])]]), 'output "y" is not finite at element 0'],
])("other outputs fail: %s", async (_, answer, says) => {
  await expect(check(answer)).rejects.toThrow(says);
});
