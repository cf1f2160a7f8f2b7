import { isDeepStrictEqual } from "node:util";
import type { AttrValue, DType, Granularity, Graph, Node, QuantSpec, TensorType, Value } from "@vlm-export/ir";
import type { CompatRule, RuleCondition, Verdict } from "./rules.js";

/** What the rules may know of one operand, before or after quantization. */
export interface OperandFacts {
  readonly dtype: DType;
  readonly rank: number | undefined;
  readonly isStatic: boolean;
  readonly isConstant: boolean;
  readonly granularity?: Granularity;
  readonly mode?: QuantSpec["mode"];
  readonly blockSize?: number;
}

/** How facts are found: from the value's type by default, from the plan before quantization. */
export type OperandView = (value: Value, node: Node, operand: string) => OperandFacts;

/** Facts of a value as its type has them now. */
export function factsOf(value: Value): OperandFacts {
  const { shape, quant, dtype } = value.type;
  const blockSize = blockSizeOf(value.type);
  return {
    dtype: quant?.storage ?? dtype,
    rank: shape?.length,
    isStatic: shape?.every((extent) => typeof extent === "number") ?? false,
    isConstant: value.data !== undefined,
    ...(quant && { granularity: quant.granularity, mode: quant.mode }),
    ...(blockSize !== undefined && { blockSize }),
  };
}

/** Elements that share a scale along the blocked axis; undefined when the type is not block-quantized. */
export function blockSizeOf(type: TensorType): number | undefined {
  const scaleShape = type.quant?.granularity === "block" ? type.quant.scale?.shape : undefined;
  if (!scaleShape || !type.shape) return undefined;
  const extents = type.shape.map(Number);
  return scaleShape.map((scales, axis) => (scales === 1 ? 1 : Math.ceil((extents[axis] ?? 1) / scales))).find((size) => size > 1) ?? 1;
}

/** One verdict per node: that of the first rule that matches; a node without a rule is rejected. Pure; reads types only. */
export function checkGraph(component: string, graph: Graph, rules: readonly CompatRule[], view: OperandView = factsOf): readonly Verdict[] {
  return graph.nodes.map((node) => {
    const operands = operandsOf(node, view);
    const rule = rules.find((candidate) => matches(candidate, node, operands));
    if (!rule)
      return {
        component,
        node,
        rule: "none",
        unit: "cpu",
        verdict: "reject",
        reason: `no rule of this target accepts ${node.op} with these types`,
        source: "rules",
      };
    return {
      component,
      node,
      rule: rule.id,
      unit: rule.units[0] ?? "cpu",
      verdict: rule.verdict,
      reason: rule.reason,
      source: rule.source,
    };
  });
}

function operandsOf(node: Node, view: OperandView): ReadonlyMap<string, OperandFacts> {
  const facts = new Map<string, OperandFacts>();
  node.inputs.forEach((value, i) => value && facts.set(String(i), view(value, node, String(i))));
  node.outputs.forEach((value, i) => value && facts.set(`out${i}`, view(value, node, `out${i}`)));
  return facts;
}

function matches(rule: CompatRule, node: Node, operands: ReadonlyMap<string, OperandFacts>): boolean {
  const names = typeof rule.op === "string" ? [rule.op] : rule.op;
  if (!names.includes("*") && !names.includes(node.op)) return false;
  return rule.when === undefined || holds(rule.when, node, operands);
}

interface Subject {
  readonly node: Node;
  readonly operands: ReadonlyMap<string, OperandFacts>;
}

/** One predicate per word of a condition; each is asked only when the rule uses the word. */
const PREDICATES: { readonly [K in keyof RuleCondition]-?: (wanted: NonNullable<RuleCondition[K]>, subject: Subject) => boolean } = {
  dtypes: (wanted, { operands }) => everyOperand(wanted, operands, (facts, allowed) => allowed.includes(facts.dtype)),
  granularity: (wanted, { operands }) =>
    everyOperand(wanted, operands, (facts, allowed) => facts.granularity !== undefined && allowed.includes(facts.granularity)),
  mode: (wanted, { operands }) => [...operands.values()].some(({ mode }) => mode === wanted),
  constant: (wanted, { operands }) => wanted.every((key) => operands.get(key)?.isConstant === true),
  blockSizes: (wanted, { operands }) =>
    [...operands.values()].every(({ blockSize }) => blockSize === undefined || wanted.includes(blockSize)),
  rank: ([min, max], { operands }) => {
    const rank = operands.get("0")?.rank;
    return rank !== undefined && rank >= min && rank <= max;
  },
  staticShape: (wanted, { operands }) => !wanted || [...operands.values()].every((facts) => facts.isStatic),
  attrs: (wanted, { node }) => Object.entries(wanted).every(([key, allowed]) => attrAllowed(node.attrs[key], allowed)),
};

function holds(when: RuleCondition, node: Node, operands: ReadonlyMap<string, OperandFacts>): boolean {
  return (Object.keys(PREDICATES) as (keyof RuleCondition)[]).every((word) => {
    const wanted = when[word];
    return wanted === undefined || (PREDICATES[word] as (wanted: unknown, subject: Subject) => boolean)(wanted, { node, operands });
  });
}

/** An operand that the node does not have (optional input) never fails a rule. */
function everyOperand<T>(
  wanted: Readonly<Record<string, T>>,
  operands: ReadonlyMap<string, OperandFacts>,
  accept: (facts: OperandFacts, allowed: T) => boolean,
): boolean {
  return Object.entries(wanted).every(([key, allowed]) => {
    const facts = operands.get(key);
    return facts === undefined || accept(facts, allowed);
  });
}

function attrAllowed(value: AttrValue | undefined, allowed: readonly (AttrValue | null)[]): boolean {
  return allowed.some((candidate) => (candidate === null ? value === undefined : isDeepStrictEqual(candidate, value)));
}
