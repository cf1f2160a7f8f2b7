import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { findBackends } from "../common.js";
import { cliUsage } from "../errors.js";
import { table } from "../table.js";

interface EvalArgs {
  readonly dist: string;
  readonly data: string;
  readonly labels?: string | undefined;
  readonly model?: string | undefined;
  readonly limit?: number | undefined;
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
          describe: 'JSONL with {"image": "a.png", "label": 3} on every line',
        })
        .option("labels", { type: "string", requiresArg: true, describe: "JSON list of class names, when labels are names" })
        .option("model", { type: "string", requiresArg: true, describe: "the float model; default: the one that the manifest names" })
        .option("limit", { type: "number", requiresArg: true, describe: "at most this many samples" })
        .example("$0 eval dist/ --data eval.jsonl", ""),
    async handler({ dist, data, labels, model, limit }) {
      if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) throw cliUsage("--limit is no whole number above 0.");
      const { evaluateOutput } = await import("@vlm-export/compiler");
      const results = await evaluateOutput(dist, {
        data,
        backends: await findBackends(site.output),
        environment: process.env,
        signal: site.signal,
        ...(labels !== undefined && { labels }),
        ...(model !== undefined && { model }),
        ...(limit !== undefined && { limit }),
      });
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
      site.output.answer(table(["target", "float", "quantized", "95 % interval", "n"], rows), {
        targets: Object.fromEntries(results.map(({ target, ...rest }) => [target, rest])),
      });
    },
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
