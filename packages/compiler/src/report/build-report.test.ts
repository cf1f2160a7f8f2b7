import type { Model } from "@vlm-export/ir";
import type { Recipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { stageClock } from "../events.js";
import type { RunSite } from "../run-site.js";
import type { TargetOutcome } from "../stages/prove-target.js";
import { buildReport } from "./build-report.js";

const float = { name: "m", components: new Map() } as unknown as Model;
const request = {
  recipe: { file: "r.yaml", sources: ["r.yaml"], gates: { minCosine: 0.9, maxDegradation: 0.02 }, origins: new Map() },
  verify: "run",
  tool: { name: "vlm-export", version: "0" },
} as unknown as RunSite["request"] & { readonly recipe: Recipe };

const file = { path: "model.bin", sizeBytes: 1, sha256: "0".repeat(64) };

function outcome(name: string, cosine: number): readonly [string, TargetOutcome] {
  const artifact = { backend: name, formatVersion: "1", dir: name, files: [file], tensors: [], losses: [] };
  return [name, { status: "ok", backend: name, diagnostics: [], artifact, engine: { status: "run", cosine } }];
}

test("files of a target that fails a gate are reported where they lie then, and the headline says that it failed", () => {
  const { targets, headline } = buildReport({ request, clock: stageClock(() => undefined) } as RunSite, {
    float,
    quantized: { model: float, plans: new Map(), outliers: [], layers: async () => [], dispose: async () => undefined },
    graphHash: file.sha256,
    outcomes: new Map([outcome("good", 0.95), outcome("bad", 0.85)]),
    diagnostics: [],
    crossTarget: { tensors: 0, different: 0 },
  });
  expect(targets["good"]).toMatchObject({ status: "ok", files: [{ path: "good/model.bin" }] });
  expect(targets["bad"]).toMatchObject({ status: "failed", files: [{ path: "rejected/bad/model.bin" }] });
  expect(headline).toEqual(["bad: failed"]);
});
