import type { FoundBackend } from "./discover.js";
import { pluginUnknownTarget } from "./errors.js";
import { nearest } from "@vlm-export/recipe";

/** The backends that `targets` names, in that order. Throws VX-PLUGIN-UNKNOWN-TARGET with the nearest name. */
export function chosenBackends(targets: readonly string[], found: ReadonlyMap<string, FoundBackend>): ReadonlyMap<string, FoundBackend> {
  return new Map(
    targets.map((name) => {
      const backend = found.get(name);
      if (!backend) throw pluginUnknownTarget(name, [...found.keys()], nearest(name, [...found.keys()]));
      return [name, backend];
    }),
  );
}
