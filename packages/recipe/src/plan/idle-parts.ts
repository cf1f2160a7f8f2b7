import type { RecipeRule } from "../recipe-types.js";
import { DECISIONS, type DecisionKind } from "./decide.js";
import type { Matched } from "./matched.js";

/** What of a rule changes nothing, and why. */
export interface IdleParts {
  readonly reasons: readonly string[];
  /** True when nothing else of the rule is left. */
  readonly isWhole: boolean;
  /** True when rules that come later are the reason. */
  readonly isOverruled: boolean;
}

/**
 * The decisions of a rule that no node shows: none that it matches has such an operand, later rules of the same file decide all of them, the plan
 * cannot do what is asked on any, or nothing was decided that the rule could take back. A file that extends the rule's may overrule it.
 */
export function idleParts(rule: RecipeRule, matched: Matched): IdleParts {
  const asked = DECISIONS.filter((kind) => isAsked(rule, kind));
  const reasons = asked.flatMap((kind) => {
    const reason = whyIdle(rule, kind, matched);
    return reason === undefined ? [] : [`${kind}: ${reason}`];
  });
  const isOverruled = asked.some((kind) => matched.standing.overrulers(rule, kind).length > 0);
  if (asked.length > 0) return { reasons, isWhole: reasons.length === asked.length, isOverruled };
  const isIdle = !matched.standing.takesBack(rule);
  return {
    reasons: isIdle ? ["nothing that it takes back is decided before it, or all of that is decided again after it"] : [],
    isWhole: isIdle,
    isOverruled,
  };
}

/** False also for the words that only take back: float and false. */
function isAsked(rule: RecipeRule, kind: DecisionKind): boolean {
  const value = rule[kind];
  return value !== undefined && value !== false && (kind === "keep" || value !== "float");
}

function whyIdle(rule: RecipeRule, kind: DecisionKind, matched: Matched): string | undefined {
  const { standing } = matched;
  if (kind === "activations" && !matched.reaches(rule, "activation")) return "no matched node has an input that can be integers";
  if (NEED_WEIGHTS.has(kind) && !matched.reaches(rule, "weight")) return "no matched node multiplies with a constant";
  const overrulers = standing.overrulers(rule, kind);
  if (overrulers.length > 0) return overruledText(rule, overrulers);
  const requirement = REQUIREMENTS.get(kind);
  return requirement !== undefined && !standing.isExecuted(rule, kind) ? requirement : undefined;
}

/** A split says of itself where it has no effect. */
const NEED_WEIGHTS: ReadonlySet<DecisionKind> = new Set<DecisionKind>(["weights", "biasCorrection", "equalize"]);

const REQUIREMENTS: ReadonlyMap<DecisionKind, string> = new Map<DecisionKind, string>([
  ["biasCorrection", "no matched node has both integer weights and an input that is computed"],
  [
    "equalize",
    "no matched product is, with integer weights of 8 bits or more and static 8-bit inputs, among the only readers of a LayerNormalization or RMSNormalization",
  ],
]);

/** Undefined where a rule of another file overrules: files that extend others do that on purpose. */
function overruledText({ decidedBy: { file } }: RecipeRule, overrulers: readonly RecipeRule[]): string | undefined {
  if (overrulers.some(({ decidedBy }) => decidedBy.file !== file)) return undefined;
  const lines = [...new Set(overrulers.map(({ decidedBy }) => decidedBy.line))].sort((a, b) => a - b);
  return `on all matched nodes the later ${lines.length > 1 ? `rules in lines ${lines.join(", ")} decide` : `rule in line ${lines.join()} decides`} instead`;
}
