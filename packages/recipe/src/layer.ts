import type { Diagnostic } from "@vlm-export/ir";
import type { RecipeFile } from "@vlm-export/schemas";
import type { Positions } from "./yaml/positions.js";

/** One file of a recipe: validated, not yet merged. */
export interface Layer {
  readonly file: string;
  /** The file as seen from the folder of the user's recipe, spelled by the `extends` that lead to it. */
  readonly named: string;
  readonly fromPreset: boolean;
  readonly recipe: RecipeFile;
  readonly positions: Positions;
  readonly warnings: readonly Diagnostic[];
}
