import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VxError } from "@vlm-export/ir";
import { parseRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { ROOT } from "../e2e/run-cli.js";
import { mutateText } from "./mutate-text.js";
import { seeded } from "./random.js";

const MUTANTS = 20_000;
const SLOW_MS = 2_000;

const presets = join(ROOT, "packages/recipe/presets");
const seeds = [...readdirSync(presets).map((name) => join(presets, name)), join(ROOT, "examples/classifier-int8.yaml")].map((path) =>
  readFileSync(path, "utf8"),
);

test(`${MUTANTS} mutants of recipes: accepted or refused with a code, none hangs`, async () => {
  const outcomes = { accepted: 0, refused: 0 };
  const failures: string[] = [];
  for (let seed = 0; seed < MUTANTS && failures.length < 10; seed += 1) {
    const random = seeded(seed);
    const text = mutateText(random.pick(seeds), random);
    const start = performance.now();
    try {
      await parseRecipe(text, { file: "mutant.yaml" });
      outcomes.accepted += 1;
    } catch (error) {
      if (error instanceof VxError) outcomes.refused += 1;
      else
        failures.push(
          `seed ${seed}: ${error instanceof Error ? error.stack?.split("\n").slice(0, 4).join(" | ") : String(error)}\n${text}`,
        );
    }
    if (performance.now() - start > SLOW_MS) failures.push(`seed ${seed}: slow`);
  }
  expect(failures).toEqual([]);
  expect(outcomes.refused).toBeGreaterThan(MUTANTS / 10);
  expect(outcomes.accepted).toBeGreaterThan(MUTANTS / 100);
}, 300_000);
