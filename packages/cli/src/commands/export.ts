import { accessSync, constants } from "node:fs";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { chosenRecipe, DEFAULT_RECIPE, findBackends } from "../common.js";
import { cliCache } from "../errors.js";
import { summaryText } from "../summary.js";
import { demandedTargets, TARGET_OPTION } from "../targets.js";
import { usualCache } from "../usual-cache.js";
import { VERSION } from "../version.js";

const SHARED_STAGES = ["import", "normalize", "plan", "calibrate", "quantize"];

interface ExportArgs {
  readonly model: string;
  readonly recipe?: string | undefined;
  readonly target: readonly string[];
  readonly out: string;
  readonly verify: "none" | "decode" | "run";
  readonly calibration?: string | undefined;
  readonly cache?: string | undefined;
  readonly json: boolean;
}

/** The main job: `vlm-export MODEL -r RECIPE -t TARGET -o DIST`. */
export function exportCommand(site: CommandSite): CommandModule {
  return {
    command: "$0 <model>",
    describe: "quantize a model once and lower it to every target",
    builder: (args) =>
      args
        .positional("model", { type: "string", demandOption: true, describe: "an .onnx file" })
        .option("recipe", {
          alias: "r",
          type: "string",
          requiresArg: true,
          describe: `a recipe file or preset:NAME; default ${DEFAULT_RECIPE}, which needs no data`,
        })
        .option("target", { ...TARGET_OPTION, demandOption: true, describe: "a backend; repeat for several" })
        .option("out", {
          alias: "o",
          type: "string",
          requiresArg: true,
          default: "dist",
          describe: "output folder; appears complete or not at all",
        })
        .option("verify", {
          choices: ["none", "decode", "run"] as const,
          default: "run" as const,
          requiresArg: true,
          describe: "how far the proof goes",
        })
        .option("calibration", {
          type: "string",
          requiresArg: true,
          describe: "calibration data (a folder or JSONL) instead of the recipe's",
        })
        .option("cache", {
          type: "string",
          requiresArg: true,
          describe: "folder where statistics are kept for the next run, or `off`; default ~/.cache/vlm-export",
        })
        .example("$0 model.onnx -r recipe.yaml -t onnx-qdq -o dist/", "one target")
        .example("$0 model.onnx -r preset:int8-full --calibration samples.jsonl -t onnx-qdq -t tflite", "two targets, the same integers")
        .example("$0 model.onnx -t onnx-qdq --json > report.json", "for build pipelines"),
    handler: (args) => runExport(site, args as unknown as ExportArgs),
  };
}

async function runExport(
  site: CommandSite,
  { model, recipe: named, target, out, verify, calibration, cache, json }: ExportArgs,
): Promise<void> {
  const targets = demandedTargets(target);
  const [{ compile }, { withProgress }] = await Promise.all([import("@vlm-export/compiler"), import("../with-progress.js")]);
  const { recipe, byDefault } = await chosenRecipe(named);
  const cacheDir = await cacheFolder(cache);
  const backends = await findBackends(site.output, recipe);
  const { report, exitCode } = await withProgress(site, [...SHARED_STAGES, ...targets, "report"], ({ onEvent, aside }) =>
    compile({
      modelPath: model,
      recipe,
      byDefault,
      targets,
      outDir: out,
      verify,
      backends,
      tool: { name: "vlm-export", version: VERSION },
      environment: process.env,
      signal: site.signal,
      onEvent,
      report: (diagnostic) => aside(() => site.output.message(diagnostic)),
      ...(calibration !== undefined && { calibrationFile: calibration }),
      ...(cacheDir !== undefined && { cacheDir }),
    }),
  );
  site.exitCode = exitCode;
  site.output.answer(json ? "" : summaryText(report, { outDir: out, quiet: site.quiet }), report);
}

/** The folder of the cache, none for `off`. One that is asked for must be there to be written; the usual one may fail in silence. */
async function cacheFolder(asked: string | undefined): Promise<string | undefined> {
  if (asked === "off") return undefined;
  if (asked === undefined) return usualCache(process.env);
  const { makeFolder } = await import("@vlm-export/store");
  try {
    makeFolder(asked);
    accessSync(asked, constants.W_OK);
  } catch (error) {
    throw cliCache(asked, error);
  }
  return asked;
}
