import { fileURLToPath } from "node:url";
import type { FoundBackend } from "@vlm-export/compiler";
import type { Recipe } from "@vlm-export/recipe";

/** The recipe that is used when none is given: it needs no data. */
export const DEFAULT_RECIPE = "preset:weights-int8";

/** The recipe named on the command line, or the default one with a note that it was chosen. */
export async function chosenRecipe(named: string | undefined): Promise<{ readonly recipe: Recipe; readonly byDefault: boolean }> {
  const { loadRecipe } = await import("@vlm-export/recipe");
  return { recipe: await loadRecipe(named ?? DEFAULT_RECIPE), byDefault: named === undefined };
}

/** Backends beside this package, beside the working folder, and named in the recipe. */
export async function findBackends(plugins: readonly string[] = []): Promise<ReadonlyMap<string, FoundBackend>> {
  const { discoverBackends } = await import("@vlm-export/compiler");
  return discoverBackends([fileURLToPath(new URL("..", import.meta.url)), process.cwd()], plugins);
}
