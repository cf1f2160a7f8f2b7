import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder } from "../graphs.fixture.js";
import { streamsOf } from "./streams.js";

test("ids are found above a lookup through shape arithmetic that doubles its paths at every step, and not from further than 16", () => {
  const behind = (steps: number): boolean => {
    const b = builder();
    const ids = b.input("ids", [1, "s"], "i64");
    let index: Value = ids;
    for (let i = 0; i < steps; i += 1) index = b.op("Add", [index, index]);
    const graph = b.finish(b.op("Gather", [b.random(32, 8), index], { axis: 0 }));
    return streamsOf(graph).kinds.get(graph.inputs[0] as Value) === "ids";
  };
  expect([1, 16, 17, 400].map(behind)).toEqual([true, true, false, false]);
});
