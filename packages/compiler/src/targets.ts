import { resolveOptions } from "@vlm-export/backend-api";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import { nearest, type Recipe } from "@vlm-export/recipe";
import type { FoundBackend } from "./discover.js";
import { pluginUnknownTarget } from "./errors.js";
import { locatedFinding } from "./located.js";

/** The backends that `targets` names, in that order. Throws VX-PLUGIN-UNKNOWN-TARGET with the nearest name. */
export function chosenBackends(targets: readonly string[], found: ReadonlyMap<string, FoundBackend>): ReadonlyMap<string, FoundBackend> {
  return new Map(
    targets.map((name) => {
      const backend = found.get(name);
      if (!backend) throw unknownTarget(name, found);
      return [name, backend];
    }),
  );
}

/** A name that no backend has, with the nearest that one has. */
export function unknownTarget(name: string, found: ReadonlyMap<string, FoundBackend>): VxError {
  const known = [...found.keys()];
  return pluginUnknownTarget(name, known, nearest(name, known));
}

/** Throws VX-PLUGIN-OPTIONS, at the option's place in the recipe, where a target does not take what the recipe says of it. */
export function checkTargetOptions(
  backends: ReadonlyMap<string, FoundBackend>,
  { targets, origins }: Pick<Recipe, "targets" | "origins">,
): void {
  for (const [name, { backend }] of backends) {
    try {
      resolveOptions(backend, targets.get(name));
    } catch (error) {
      throw error instanceof VxError ? new VxError(error.diagnostics.map((found) => atOption(found, name, origins))) : error;
    }
  }
}

/** Warnings for what a recipe says of targets that nobody has heard of: a misspelt one would be passed over. */
export function unheardTargets(
  { targets, origins }: Pick<Recipe, "targets" | "origins">,
  found: ReadonlyMap<string, FoundBackend>,
): readonly Diagnostic[] {
  return [...targets.keys()]
    .filter((name) => !found.has(name))
    .map((name): Diagnostic => {
      const { diagnostic } = unknownTarget(name, found);
      const [, place = "default"] = [...origins].find(([key]) => key.startsWith(`targets.${name}.`)) ?? [];
      const warning: Diagnostic = { ...diagnostic, severity: "warning" };
      return place === "default" ? warning : locatedFinding(warning, place);
    });
}

function atOption(found: Diagnostic, target: string, origins: Recipe["origins"]): Diagnostic {
  const prefix = `targets.${target}.`;
  const options = [...origins].filter(([key]) => key.startsWith(prefix));
  const named = options.find(([key]) =>
    [`"${key.slice(prefix.length)}"`, `/${key.slice(prefix.length)} `].some((word) => found.message.includes(word)),
  );
  const place = named?.[1];
  return place === undefined || place === "default" ? found : locatedFinding(found, place);
}
