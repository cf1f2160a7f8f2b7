import { textTable } from "@vlm-export/ir";
import type { EvaluatedTarget } from "@vlm-export/compiler";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { backendsOf, PLUGIN_OPTION } from "../common.js";
import { cliUsage } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { recordedRun, rejectedTargets } from "../recorded-run.js";

interface EvalArgs {
  readonly dist: string;
  readonly data: string;
  readonly labels?: string | undefined;
  readonly model?: string | undefined;
  readonly limit?: number | undefined;
  readonly plugin?: readonly string[] | undefined;
}

/** `eval DIST --data labels.jsonl`: top-1 of the float model and of every artifact on the same samples. */
export function evalCommand(site: CommandSite): CommandModule<object, EvalArgs> {
  return {
    command: "eval <dist>",
    describe: "measure the task accuracy of the artifacts against the float model",
    builder: (args) =>
      args
        .positional("dist", { type: "string", demandOption: true, describe: "the folder that --out named" })
        .option("data", {
          type: "string",
          requiresArg: true,
          demandOption: true,
          describe: 'JSONL with {"image": "a.png", "label": 3} on every line, or a folder with a sub-folder for each class',
        })
        .option("labels", { type: "string", requiresArg: true, describe: "JSON list of class names, when labels are names" })
        .option("model", { type: "string", requiresArg: true, describe: "the float model; default: the one that the manifest names" })
        .option("limit", { type: "number", requiresArg: true, describe: "at most this many samples" })
        .option("plugin", PLUGIN_OPTION)
        .example("$0 eval dist/ --data eval.jsonl", ""),
    handler: (args) => runEval(site, args),
  };
}

async function runEval(site: CommandSite, { dist, data, labels, model, limit, plugin }: EvalArgs): Promise<void> {
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) throw cliUsage("--limit is no whole number above 0.");
  const [{ evaluateOutput, inspectOutput }, { withProgress }] = await Promise.all([
    import("@vlm-export/compiler"),
    import("../with-progress.js"),
  ]);
  const names = inspectOutput(dist).targets.map(({ name }) => name);
  const rejected = rejectedTargets(dist, recordedRun(dist), names);
  if (rejected.size > 0) site.exitCode = EXIT.verify;
  for (const diagnostic of rejected.values()) site.output.message(diagnostic);
  const backends = await backendsOf(site.output, plugin);
  const shown = names.filter((name) => !rejected.has(name));
  const measured = await withProgress(site, shown, ({ onEvent }) =>
    evaluateOutput(dist, {
      data,
      backends,
      environment: process.env,
      signal: site.signal,
      onEvent,
      ...(labels !== undefined && { labels }),
      ...(model !== undefined && { model }),
      ...(limit !== undefined && { limit }),
    }),
  );
  const refused = [...rejected].map(([target, { message }]): EvaluatedTarget => ({ target, reason: message }));
  const results = [...measured, ...refused];
  const rows = results.map(({ target, accuracy, reason }) => [
    target,
    ...(accuracy
      ? [
          percent(accuracy.float),
          percent(accuracy.quantized),
          `${percent(accuracy.interval95[0])} – ${percent(accuracy.interval95[1])}`,
          String(accuracy.n),
        ]
      : ["", `not run: ${reason ?? ""}`, "", ""]),
  ]);
  site.output.answer(textTable(["target", "float", "quantized", "95 % interval", "n"], rows), {
    ok: rejected.size === 0,
    targets: Object.fromEntries(results.map(({ target, ...rest }) => [target, rest])),
    diagnostics: [...rejected.values()],
  });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
