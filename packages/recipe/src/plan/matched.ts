import type { RolePattern } from "../match/role-pattern.js";
import type { RecipeRule } from "../recipe-types.js";
import type { Operand } from "./operands.js";
import { Standing } from "./standing.js";

/** A node that a rule matched. */
export interface Match {
  readonly operands: readonly Operand[];
  /** True when `keep` makes a difference there. */
  readonly isProtected: boolean;
  /** The rule's role patterns that hold for the node. */
  readonly patterns: readonly RolePattern[];
}

interface Reach {
  readonly kinds: Set<Operand["kind"]>;
  readonly patterns: Set<RolePattern>;
  readonly protecting: Set<RolePattern>;
  protects: boolean;
}

/** Which rules matched a node, a weight, an activation, and by which of their patterns. */
export class Matched {
  readonly standing: Standing = new Standing();
  private readonly rules = new Map<RecipeRule, Reach>();

  add(rule: RecipeRule, { operands, isProtected, patterns }: Match): void {
    const known = this.rules.get(rule);
    const reach = known ?? { kinds: new Set(), patterns: new Set(), protecting: new Set(), protects: false };
    if (!known) this.rules.set(rule, reach);
    for (const { kind } of operands) reach.kinds.add(kind);
    for (const pattern of patterns) reach.patterns.add(pattern);
    if (!isProtected) return;
    reach.protects = true;
    for (const pattern of patterns) reach.protecting.add(pattern);
  }

  has(rule: RecipeRule): boolean {
    return this.rules.has(rule);
  }

  reaches(rule: RecipeRule, kind: Operand["kind"]): boolean {
    return this.rules.get(rule)?.kinds.has(kind) ?? false;
  }

  /** True when `keep` makes a difference on some node that the rule matched. */
  protects(rule: RecipeRule): boolean {
    return this.rules.get(rule)?.protects ?? false;
  }

  /** The role patterns that matched nodes, on none of which `keep` makes a difference. */
  idlePatterns(rule: RecipeRule): readonly RolePattern[] {
    const reach = this.rules.get(rule);
    return reach ? [...reach.patterns].filter((pattern) => !reach.protecting.has(pattern)) : [];
  }
}
