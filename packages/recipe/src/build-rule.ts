import type { Diagnostic } from "@vlm-export/ir";
import type { Rule } from "@vlm-export/schemas";
import type { Layer } from "./layer.js";
import { type Place, quantCombination, recipeValue } from "./errors.js";
import { parseMatcher } from "./match/matcher.js";
import type { RangeMethod } from "./plan-types.js";
import type { RecipeRule } from "./recipe-types.js";
import { activationSettings, weightSettings } from "./rule-settings.js";
import type { Report } from "./setting-checks.js";

/** Mean + 3 standard deviations: the usual bound for an outlier channel. */
const DEFAULT_SIGMA = 3;

export interface RuleContext {
  /** Position among all rules of the recipe. */
  readonly index: number;
  /** Range method of `calibration:`. */
  readonly base: RangeMethod;
  readonly findings: Diagnostic[];
}

/** Rule `i` of a layer with defaults. Findings go to the context; throws a VxError for patterns that do not parse. */
export function buildRule({ recipe, positions, file, fromPreset }: Layer, i: number, { index, base, findings }: RuleContext): RecipeRule {
  const rule = recipe.rules?.[i] as Rule;
  const path = ["rules", i] as const;
  const { line = 1, column = 1 } = positions.of(path);
  const reportIn =
    (part: string): Report =>
    (diagnostic, key) => {
      findings.push(diagnostic(positions.of([...path, part, key])));
    };
  findings.push(...conflicts(rule, (key) => positions.ofKey([...path, ...key])));
  return {
    decidedBy: { file, line, column, rule: index },
    fromPreset,
    matcher: parseMatcher(rule.match, positions, [...path, "match"]),
    ...decisionsOf(rule, base, reportIn),
    origins: originsOf(rule, (key) => positions.of([...path, ...key])),
  };
}

type Decisions = Pick<RecipeRule, "weights" | "activations" | "keep" | "split" | "biasCorrection" | "equalize">;

function decisionsOf(rule: Rule, base: RangeMethod, reportIn: (part: string) => Report): Decisions {
  const { weights, activations, keep, split, match, biasCorrection, equalize } = rule;
  return {
    ...(weights && { weights: weights === "float" ? weights : weightSettings(weights, reportIn("weights")) }),
    ...(activations && {
      activations: activations === "float" ? activations : activationSettings(activations, base, reportIn("activations")),
    }),
    ...(keep && { keep: keep === "float" ? "float" : "f16" }),
    ...(split && { split: { sigma: match.outliers?.sigma ?? DEFAULT_SIGMA } }),
    ...(biasCorrection !== undefined && { biasCorrection }),
    ...(equalize !== undefined && { equalize }),
  };
}

function conflicts(rule: Rule, placeOf: (key: readonly string[]) => Place): readonly Diagnostic[] {
  const findings: Diagnostic[] = [];
  const { match: _match, ...decisions } = rule;
  const stated = Object.keys(decisions);
  if (stated.length === 0)
    findings.push(
      recipeValue(placeOf([]), "the rule decides nothing.", "Add weights, activations, keep, split, biasCorrection or equalize."),
    );
  const against = stated.filter((key) => ["weights", "activations", "split"].includes(key));
  if (rule.keep !== undefined && against.length > 0)
    findings.push(
      quantCombination(placeOf(["keep"]), `one rule has both keep and ${against.join(", ")}.`, "Make two rules; the later one wins."),
    );
  if (rule.match.outliers && !rule.split)
    findings.push(
      recipeValue(placeOf(["match", "outliers"]), "match.outliers needs split in the same rule.", "Add split: { outliers: float16 }."),
    );
  return findings;
}

/** Places of the stated keys by dotted name. */
function originsOf(rule: Rule, placeOf: (key: readonly string[]) => Place): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const [key, value] of Object.entries(rule)) {
    places.set(key, placeOf([key]));
    if (typeof value === "object" && value !== null)
      for (const inner of Object.keys(value)) places.set(`${key}.${inner}`, placeOf([key, inner]));
  }
  return places;
}
