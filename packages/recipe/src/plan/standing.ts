import type { RecipeRule } from "../recipe-types.js";
import { DECISIONS, type DecisionKind, type NodeDecisions } from "./decide.js";

/** What became of one rule's decision of one kind on the nodes that it concerns. */
interface Stand {
  holds: boolean;
  readonly overruledBy: Set<RecipeRule>;
}

/** True where a decision of this kind by this rule makes a difference on the node at hand. */
export type Concerns = (rule: RecipeRule, kind: DecisionKind) => boolean;

/** Which decisions hold in the end on some node that they concern, which rules overrule them on the others, and which take something back. */
export class Standing {
  private readonly stands = new Map<RecipeRule, Map<DecisionKind, Stand>>();
  private readonly takers = new Set<RecipeRule>();
  /** By kind, the last rule that takes back what was decided about the node at hand. */
  private readonly taken = new Map<DecisionKind, RecipeRule>();
  private readonly executed = new Map<DecisionKind, Set<RecipeRule>>();

  /** A rule changes what the rules before it said about a node. */
  overrule(rule: RecipeRule, { before, after }: Record<"before" | "after", NodeDecisions>, concerns: Concerns): void {
    for (const kind of DECISIONS) {
      const lost = before[kind]?.rule;
      if (!lost || after[kind]?.rule === lost || !concerns(lost, kind)) continue;
      this.of(lost, kind).overruledBy.add(rule);
      if (!after[kind]) this.taken.set(kind, rule);
    }
  }

  /** The rules have spoken on a node. */
  settle(decisions: NodeDecisions, concerns: Concerns): void {
    for (const kind of DECISIONS) {
      const rule = decisions[kind]?.rule;
      if (rule && concerns(rule, kind)) this.of(rule, kind).holds = true;
      const taker = this.taken.get(kind);
      if (taker && !rule) this.takers.add(taker);
    }
    this.taken.clear();
  }

  /** The later rules that leave nothing of the decision; none where it holds on some node, or concerns none. */
  overrulers(rule: RecipeRule, kind: DecisionKind): readonly RecipeRule[] {
    const stand = this.stands.get(rule)?.get(kind);
    return stand && !stand.holds ? [...stand.overruledBy] : [];
  }

  /** True when the rule takes back some decision of one before it, which no later rule makes again. */
  takesBack(rule: RecipeRule): boolean {
    return this.takers.has(rule);
  }

  /** The plan does on some node what the rule asks for. */
  execute(rule: RecipeRule, kind: DecisionKind): void {
    const rules = this.executed.get(kind) ?? new Set();
    this.executed.set(kind, rules.add(rule));
  }

  isExecuted(rule: RecipeRule, kind: DecisionKind): boolean {
    return this.executed.get(kind)?.has(rule) ?? false;
  }

  private of(rule: RecipeRule, kind: DecisionKind): Stand {
    const kinds = this.stands.get(rule) ?? new Map<DecisionKind, Stand>();
    this.stands.set(rule, kinds);
    const stand = kinds.get(kind) ?? { holds: false, overruledBy: new Set() };
    kinds.set(kind, stand);
    return stand;
  }
}
