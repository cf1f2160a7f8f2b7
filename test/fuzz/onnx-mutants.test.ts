import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import { importOnnx } from "@vlm-export/frontends";
import { GraphEditor, VxError } from "@vlm-export/ir";
import { lowerToOnnx } from "@vlm-export/lowering-onnx";
import { standardOps } from "@vlm-export/ops";
import { normalize } from "@vlm-export/passes";
import { expect, test } from "vitest";
import { temporaryFolder } from "../e2e/run-cli.js";
import { mutateOnnx } from "./mutate-onnx.js";
import { seeded } from "./random.js";
import { seedModels } from "./seed-models.js";

const MUTANTS = 20_000;
const SLOW_MS = 2_000;
const ops = standardOps();

/** Import, normalize and lower: what every command does with a model before it reads weights. */
async function through(path: string): Promise<void> {
  const pool = new FilePool();
  try {
    const model = await importOnnx(path, { ops, pool });
    for (const graph of model.components.values()) {
      normalize(new GraphEditor(ops, graph), { ops, report: () => undefined });
      lowerToOnnx(graph, { ops, model });
    }
  } finally {
    pool.close();
  }
}

test(`${MUTANTS} mutants of ONNX files: accepted or refused with a code, none hangs`, async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, "mutant.onnx");
  const seeds = await seedModels();
  const outcomes = { accepted: 0, refused: 0 };
  const failures: string[] = [];
  for (let seed = 0; seed < MUTANTS && failures.length < 10; seed += 1) {
    const random = seeded(seed);
    writeFileSync(path, mutateOnnx(random.pick(seeds), random));
    const start = performance.now();
    try {
      await through(path);
      outcomes.accepted += 1;
    } catch (error) {
      if (error instanceof VxError) outcomes.refused += 1;
      else failures.push(`seed ${seed}: ${error instanceof Error ? error.stack?.split("\n").slice(0, 4).join(" | ") : String(error)}`);
    }
    if (performance.now() - start > SLOW_MS) failures.push(`seed ${seed}: slow`);
  }
  folder.remove();
  expect(failures).toEqual([]);
  expect(outcomes.refused).toBeGreaterThan(MUTANTS / 10);
  expect(outcomes.accepted).toBeGreaterThan(MUTANTS / 100);
}, 300_000);
