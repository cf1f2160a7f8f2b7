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
 * Backends beside this package, beside the working folder, and named in the recipe. Throws VX-PLUGIN-LOAD for one in the recipe that does
 * not load; others are left out with a warning.
 */
export async function findBackends(output: Output, plugins: readonly string[] = []): Promise<ReadonlyMap<string, FoundBackend>> {
  const { discoverBackends } = await import("@vlm-export/compiler");
  const onBroken = ({ diagnostic }: BrokenPlugin): void => output.message({ ...diagnostic, severity: "warning" });
  return discoverBackends(roots(), { plugins, onBroken });
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
