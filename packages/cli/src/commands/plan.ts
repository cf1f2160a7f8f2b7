import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { chosenRecipe, findBackends } from "../common.js";
import { TARGET_OPTION, targetNames } from "../targets.js";

interface PlanArgs {
  readonly model: string;
  readonly recipe?: string | undefined;
  readonly target: readonly string[];
}

/** `plan MODEL`: for every tensor what was decided and which line decided it; reads no weights and no data. */
export function planCommand(site: CommandSite): CommandModule<object, PlanArgs> {
  return {
    command: "plan <model>",
    describe: "show what the recipe decides for every tensor, and which line decided it",
    builder: (args) =>
      args
        .positional("model", { type: "string", demandOption: true, describe: "an .onnx file" })
        .option("recipe", { alias: "r", type: "string", requiresArg: true, describe: "a recipe file or preset:NAME" })
        .option("target", {
          ...TARGET_OPTION,
          default: [] as readonly string[],
          describe: "also check these targets' rules on the planned types",
        })
        .example("$0 plan model.onnx -r recipe.yaml", "decisions with recipe lines and sizes"),
    async handler({ model, recipe: named, target }) {
      const [{ planForModel }, { describePlan, planToJson }] = await Promise.all([
        import("@vlm-export/compiler"),
        import("@vlm-export/recipe"),
      ]);
      const { recipe } = await chosenRecipe(named);
      const backends = target.length > 0 ? await findBackends(site.output, recipe) : new Map();
      const { plans, refusals } = await planForModel(model, recipe, {
        backends,
        targets: targetNames(target),
        signal: site.signal,
        report: (diagnostic) => site.output.message(diagnostic),
      });
      for (const diagnostic of refusals) site.output.message(diagnostic);
      if (refusals.length > 0) site.exitCode = 1;
      const document = {
        recipe: recipe.file,
        recipeHash: recipe.hash,
        components: Object.fromEntries([...plans].map(([name, plan]) => [name, planToJson(plan)])),
        refusals,
      };
      site.output.answer([...plans.values()].map(describePlan).join("\n"), document);
    },
  };
}
