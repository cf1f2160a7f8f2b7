import type { CompatRule, RuleCondition, Unit, VerdictKind } from "./rules.js";
import { type Check, fields, flag, list, number, oneOf, optional, record, text } from "./shape-checks.js";

export const UNITS: readonly Unit[] = ["npu", "gpu", "cpu"];
const VERDICTS: readonly VerdictKind[] = ["native", "rewrite", "fallback", "reject"];

const when: { readonly [K in keyof RuleCondition]-?: Check } = {
  dtypes: record(list(text)),
  granularity: record(list(text)),
  mode: oneOf(["static", "dynamic"]),
  blockSizes: list(number),
  rank: (value, path) =>
    list(number)(value, path) ?? ((value as readonly number[]).length === 2 ? undefined : `${path} is not [least, most]`),
  staticShape: flag,
  constant: list(text),
  attrs: record(list(() => undefined)),
};
const rule: { readonly [K in keyof CompatRule]-?: Check } = {
  id: text,
  op: (value, path) => (typeof value === "string" ? undefined : list(text)(value, path)),
  units: list(oneOf(UNITS)),
  verdict: oneOf(VERDICTS),
  reason: text,
  source: text,
  since: optional(text),
  when: optional(fields(Object.fromEntries(Object.entries(when).map(([word, check]) => [word, optional(check)])))),
};

/** Why the rules cannot be asked, in words; undefined when they can. `compat-rules.schema.json` asks for more. */
export function rulesProblem(rules: unknown): string | undefined {
  return list(fields(rule))(rules, "capabilities.rules");
}
