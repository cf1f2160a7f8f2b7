import type { Diagnostic, GraphCopy, GraphEditor, Node, Value } from "@vlm-export/ir";
import type { Plan, QuantGroup, WeightPlan } from "@vlm-export/recipe";
import type { StaticRange } from "../activation-ranges.js";
import type { Equalization } from "../equalize/equalization.js";
import type { IntegerConstant } from "../weights/integer-constant.js";
import type { WeightTools } from "../weights/quantize-weight.js";

/** What the rewriting steps share: the copy under edit, and how the plan's objects map onto it. */
export interface Rewrite {
  readonly plan: Plan;
  readonly edit: GraphEditor;
  readonly copy: GraphCopy;
  readonly tools: WeightTools;
  readonly equalization: Equalization;
  readonly ranges: ReadonlyMap<QuantGroup, StaticRange>;
  /** Integer forms of the planned weights. */
  readonly weights: ReadonlyMap<WeightPlan, IntegerConstant>;
  /** Nodes of the plan that are gone from the copy; their edges are settled. */
  readonly replaced: Set<Node>;
  /** Values of the plan that another value of the copy now stands for. */
  readonly redirected: Map<Value, Value>;
  report(finding: Diagnostic): void;
}

/** The node of the copy, or undefined when a step replaced it. */
export function nodeOf({ copy, replaced }: Rewrite, node: Node): Node | undefined {
  return replaced.has(node) ? undefined : copy.nodes.get(node);
}

/** The value of the copy that now stands for a value of the plan. */
export function valueOf({ copy, redirected }: Rewrite, value: Value): Value {
  return redirected.get(value) ?? (copy.values.get(value) as Value);
}
