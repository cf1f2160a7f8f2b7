import { writeFileSync } from "node:fs";
import type { VxError } from "@vlm-export/ir";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { cliUsage } from "../errors.js";
import { wordMissing } from "../usage.js";

/** `recipe init MODEL`, `recipe validate FILE`, `recipe explain FILE`. */
export function recipeCommand(site: CommandSite): CommandModule {
  return {
    command: "recipe <command>",
    describe: "write, check or expand a recipe",
    builder: (args) =>
      args
        .command(initCommand(site) as CommandModule)
        .command(validateCommand(site) as CommandModule)
        .command(explainCommand(site) as CommandModule)
        .demandCommand(1, wordMissing("recipe")),
    handler: () => undefined,
  };
}

interface InitArgs {
  readonly model: string;
  readonly out?: string | undefined;
  readonly preset: string;
  readonly data?: string | undefined;
}

function initCommand(site: CommandSite): CommandModule<object, InitArgs> {
  return {
    command: "init <model>",
    describe: "write a commented recipe for a model",
    builder: (args) =>
      args
        .positional("model", { type: "string", demandOption: true })
        .option("out", { alias: "o", type: "string", requiresArg: true, describe: "file to create; default: print it" })
        .option("preset", { type: "string", requiresArg: true, default: "int8", describe: "preset to start from" })
        .option("data", { type: "string", requiresArg: true, describe: "calibration data, relative to the recipe" })
        .example("$0 recipe init model.onnx -o recipe.yaml", ""),
    async handler({ model, out, preset, data }) {
      const [{ findPreprocessor, normalizedGraph }, { initRecipe, nearest, PRESETS }] = await Promise.all([
        import("@vlm-export/compiler"),
        import("@vlm-export/recipe"),
      ]);
      const presets = Object.keys(PRESETS);
      if (!presets.includes(preset)) throw unknownPreset(preset, presets, nearest(preset.replace(/^preset:/, ""), presets));
      const hasPreprocessor = (await findPreprocessor(model)) !== undefined;
      const text = initRecipe(await normalizedGraph(model, site.signal), { preset, hasPreprocessor, ...(data !== undefined && { data }) });
      if (out === undefined) return site.output.answer(text, { recipe: text });
      try {
        writeFileSync(out, text, { flag: "wx" });
      } catch (error) {
        throw notCreated(out, error);
      }
      site.output.answer(`wrote ${out}`, { file: out });
    },
  };
}

function notCreated(out: string, error: unknown): VxError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EEXIST") return cliUsage(`${out} is there already; an existing recipe is never overwritten.`, "Name another file. ");
  return cliUsage(`cannot create ${out}: ${message}.`, "Name a file in a folder that exists and that you may write. ");
}

function unknownPreset(name: string, presets: readonly string[], near: string | undefined): VxError {
  const message = `--preset: there is no preset ${JSON.stringify(name)}; there are: ${presets.join(", ")}.`;
  return cliUsage(message, near === undefined ? "" : `Did you mean ${near}? `);
}

function validateCommand(site: CommandSite): CommandModule<object, { readonly file: string }> {
  return {
    command: "validate <file>",
    describe: "check a recipe without a model",
    builder: (args) => args.positional("file", { type: "string", demandOption: true }).example("$0 recipe validate recipe.yaml", ""),
    async handler({ file }) {
      const { loadRecipe } = await import("@vlm-export/recipe");
      const recipe = await loadRecipe(file);
      for (const diagnostic of recipe.diagnostics) site.output.message(diagnostic);
      site.output.answer(`${file}: fine, ${recipe.rules.length === 1 ? "1 rule" : `${recipe.rules.length} rules`}`, {
        ok: true,
        file,
        rules: recipe.rules.length,
        hash: recipe.hash,
        diagnostics: recipe.diagnostics,
      });
    },
  };
}

function explainCommand(site: CommandSite): CommandModule<object, { readonly file: string }> {
  return {
    command: "explain <file>",
    describe: "print a recipe with every default and preset expanded, each line with where it came from",
    builder: (args) => args.positional("file", { type: "string", demandOption: true }).example("$0 recipe explain preset:int8", ""),
    async handler({ file }) {
      const { explainRecipe, loadRecipe } = await import("@vlm-export/recipe");
      const recipe = await loadRecipe(file);
      const text = explainRecipe(recipe);
      site.output.answer(text, { file, hash: recipe.hash, expanded: text });
    },
  };
}
