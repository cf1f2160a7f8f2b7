import { type Diagnostic, VxError } from "@vlm-export/ir";
import { isRecipe, type JsonSchema, type Problem, problemsOf, type RecipeFile, recipeSchema } from "@vlm-export/schemas";
import { ALIASES } from "./alias-words.js";
import { recipeKey, recipeValue } from "./errors.js";
import { adviceOn, keyWithin } from "./problem-advice.js";
import { describeProblem } from "./problem-text.js";
import { didYouMean } from "./suggest.js";
import type { Path, Positions } from "./yaml/positions.js";
import type { YamlDocument } from "./yaml/document.js";

const MAX_FINDINGS = 200;

/** The document as a recipe file. Throws a VxError with all findings, each at its line and with the nearest valid word. */
export function validated({ data, positions }: YamlDocument): RecipeFile {
  if (isRecipe(data)) return data as RecipeFile;
  const problems = problemsOf(recipeSchema, data);
  if (problems.length === 0) throw new Error("the schema refuses the recipe, and nothing explains why");
  throw new VxError(problems.slice(0, MAX_FINDINGS).map((problem) => findingOf(problem, positions)));
}

function findingOf(problem: Problem, positions: Positions): Diagnostic {
  const { path, word } = problem;
  if (word === "additionalProperties") return unknownKey(problem, positions);
  return recipeValue(positions.of(path), `${nameOf(path)}: ${describeProblem(problem)}.`, adviceOn(problem));
}

function unknownKey({ path, key = "", schema }: Problem, positions: Positions): Diagnostic {
  const known = Object.keys(schema.properties ?? {});
  const alias = ALIASES.get(key);
  if (alias !== undefined && known.includes(alias))
    return recipeKey(positions.ofKey([...path, key]), `${key} and ${alias} in ${nameOf(path)} mean the same.`, `Keep ${alias}.`);
  return recipeKey(
    positions.ofKey([...path, key]),
    `unknown key ${JSON.stringify(key)} in ${nameOf(path)}.`,
    `${likelyMeant(key, schema, known)}Known keys: ${known.join(", ")}.`,
  );
}

function likelyMeant(key: string, schema: JsonSchema, known: readonly string[]): string {
  if (key === "<<") return "YAML 1.2 has no merge keys; write the keys out. ";
  if (key.includes(":")) return "Put a space behind the colon. ";
  const inside = keyWithin(schema, key);
  return inside === undefined ? didYouMean(key, known) : `It stands in ${inside}. `;
}

/** `rules[0].weights.dtype` for people. */
function nameOf(path: Path): string {
  if (path.length === 0) return "the recipe";
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");
}
