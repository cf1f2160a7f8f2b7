import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrokenPlugin, FoundBackend } from "@vlm-export/compiler";
import type { Recipe } from "@vlm-export/recipe";
import type { Output } from "./output.js";

/** The recipe that is used when none is given: it needs no data. */
export const DEFAULT_RECIPE = "preset:weights-int8";

/** The recipe named on the command line, or the default one with a note that it was chosen. */
export async function chosenRecipe(named: string | undefined): Promise<{ readonly recipe: Recipe; readonly byDefault: boolean }> {
  const { loadRecipe } = await import("@vlm-export/recipe");
  return { recipe: await loadRecipe(named ?? DEFAULT_RECIPE), byDefault: named === undefined };
}

/**
 * Backends beside this package, beside the working folder, and named in a recipe, whose `origins` say where. Throws VX-PLUGIN-LOAD for one
 * that is named and does not load; others are left out with a warning.
 */
export async function findBackends(
  output: Output,
  { plugins, origins }: Partial<Pick<Recipe, "plugins" | "origins">> = {},
): Promise<ReadonlyMap<string, FoundBackend>> {
  const { discoverBackends } = await import("@vlm-export/compiler");
  const onBroken = ({ diagnostic }: BrokenPlugin): void => output.message({ ...diagnostic, severity: "warning" });
  return discoverBackends(roots(), { ...(plugins && { plugins }), ...(origins && { origins }), onBroken });
}

/** `--plugin PATH` of commands on an output folder, which never says itself what code judges it. */
export const PLUGIN_OPTION = {
  type: "string",
  array: true,
  nargs: 1,
  describe: "module of a backend that the recipe named under plugins:; may be given several times",
} as const;

/** The backends for an output folder: those that are installed, and those at the paths of {@link PLUGIN_OPTION}. */
export function backendsOf(output: Output, plugin: readonly string[] = []): Promise<ReadonlyMap<string, FoundBackend>> {
  return findBackends(output, { plugins: plugin.map((path) => resolve(path)) });
}

/** All backends that load, and the plugins that do not. */
export async function surveyBackends(): Promise<{
  readonly backends: ReadonlyMap<string, FoundBackend>;
  readonly broken: readonly BrokenPlugin[];
}> {
  const { discoverBackends } = await import("@vlm-export/compiler");
  const broken: BrokenPlugin[] = [];
  const backends = await discoverBackends(roots(), { onBroken: (plugin) => broken.push(plugin) });
  return { backends, broken };
}

function roots(): readonly string[] {
  return [fileURLToPath(new URL("..", import.meta.url)), process.cwd()];
}
