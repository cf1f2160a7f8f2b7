import { standardOps } from "@vlm-export/ops";
import { loadRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";

const WEIGHTED = [...standardOps().all.values()].filter(({ weightAxes }) => weightAxes).map(({ name }) => name);

test.each(["dynamic-int8", "int8", "int8-full", "weights-int4", "weights-int8"])(
  "preset:%s takes the weights of every operator",
  async (name) => {
    const { rules } = await loadRecipe(`preset:${name}`);
    const taken = new Set(rules.flatMap(({ weights, matcher }) => (weights ? (matcher.ops ?? []) : [])));
    const spared = name === "int8" ? ["Gather"] : [];
    expect(WEIGHTED.filter((op) => !taken.has(op))).toEqual(spared);
  },
);
