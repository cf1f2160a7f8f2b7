import type { Model } from "@vlm-export/ir";
import { explainRecipe } from "@vlm-export/recipe";
import type { Manifest, Report } from "@vlm-export/schemas";
import { openArtifactWriter, resolveOptions } from "@vlm-export/backend-api";
import type { FoundBackend } from "../discover.js";
import { TOOL_NAME } from "../output-folder.js";
import type { RunSite } from "../run-site.js";
import type { TargetOutcome } from "../stages/prove-target.js";
import type { QuantizedModel } from "../stages/quantize-model.js";
import { sourceFile } from "../source-file.js";
import { manifestTarget, manifestText, type WrittenBy } from "./manifest.js";
import { reportMarkdown } from "./markdown.js";

export interface Written {
  readonly site: RunSite;
  readonly float: Model;
  readonly quantized: QuantizedModel;
  readonly graphHash: string;
  readonly outcomes: ReadonlyMap<string, TargetOutcome>;
}

/** Writes recipe.yaml (expanded), report.json, report.md and manifest.json into the staging folder. Throws VX-EMIT-*. */
export async function writeReport(staging: string, report: Report, written: Written): Promise<void> {
  const texts: readonly (readonly [name: string, text: string])[] = [
    ["recipe.yaml", explainRecipe(written.site.request.recipe)],
    ["report.json", `${JSON.stringify(report, null, 2)}\n`],
    ["report.md", reportMarkdown(report)],
    ["manifest.json", manifestText(manifestOf(report, written))],
  ];
  const writer = openArtifactWriter(TOOL_NAME, staging);
  for (const [name, text] of texts) {
    const file = await writer.createFile(name);
    await file.write(Buffer.from(text));
    await file.close();
  }
  await writer.synced();
}

function manifestOf({ targets }: Report, { site, float, quantized, graphHash, outcomes }: Written): Manifest {
  const { request, backends } = site;
  const proven = [...outcomes].filter(([name, { artifact }]) => targets[name]?.status === "ok" && artifact);
  return {
    schemaVersion: 1,
    tool: { name: TOOL_NAME, version: request.tool.version },
    graphHash,
    recipeHash: request.recipe.hash,
    sources: float.sources.map(sourceFile),
    targets: Object.fromEntries(
      proven.flatMap(([name, { artifact }]) =>
        artifact ? [[name, manifestTarget(artifact, writtenBy(name, request, backends), quantized.model)]] : [],
      ),
    ),
  };
}

function writtenBy(name: string, { recipe }: RunSite["request"], backends: RunSite["backends"]): WrittenBy {
  const { backend, version } = backends.get(name) as FoundBackend;
  return { version, options: resolveOptions(backend, recipe.targets.get(name)) as WrittenBy["options"] };
}
