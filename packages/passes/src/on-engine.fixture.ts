import { createEngine, type Engine } from "@vlm-export/engine";
import type { Graph, Pass, TensorData } from "@vlm-export/ir";
import { numbersOf } from "@vlm-export/ops";
import { afterAll, beforeAll, expect } from "vitest";
import { ops, samplesFor } from "./graphs.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

/** Runs graphs on the engine; the test file opens it once and closes it at its end. */
export interface OnEngine {
  /** Outputs for the samples, in order of the graph's outputs. */
  run(graph: Graph, samples?: ReadonlyMap<string, TensorData>): Promise<readonly Float64Array[]>;
  /** Rewrites, expects these operators in order and the same numbers on the engine; gives the rewritten graph. */
  expectSame(graph: Graph, passes: Pass | readonly Pass[], expected: readonly string[], tolerance?: number): Promise<Graph>;
}

/** Opens the engine for the tests of one file. */
export function onEngine(): OnEngine {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(() => engine.close());
  const run: OnEngine["run"] = async (graph, samples = samplesFor(graph)) => {
    const session = await engine.openGraph({ graph, ops }, { threads: 1 });
    const { outputs } = await session.run(samples);
    await session.close();
    return graph.outputs.map(({ name }) => numbersOf(outputs.get(name) as unknown as TensorData));
  };
  return {
    run,
    async expectSame(graph, passes, expected, tolerance = 2e-6) {
      const after = rewrite(graph, ...[passes].flat());
      expect(opsOf(after)).toEqual(expected);
      expect(after.outputs.map(({ name, type }) => [name, type.dtype])).toEqual(graph.outputs.map(({ name, type }) => [name, type.dtype]));
      const [before, now] = [await run(graph), await run(after)];
      before.forEach((numbers, i) => expectClose(now[i] as Float64Array, numbers, tolerance));
      return after;
    },
  };
}

/** Largest difference at most `tolerance` of the largest magnitude. */
export function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const peak = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6);
  const error = expected.reduce(
    (max, value, i) => Math.max(max, Math.abs(value - (actual[i] as number)) || (Number.isNaN(actual[i]) ? 1 : 0)),
    0,
  );
  expect(error / peak).toBeLessThan(tolerance);
}
