import type { Node, OpRegistry, Value } from "@vlm-export/ir";
import type { EqualizationPlan, Plan } from "@vlm-export/recipe";
import { calibrators } from "./calibrators/calibrators.js";
import { precisionOf } from "./equalize/precision.js";
import { axesOf } from "./rewrite/channel-axes.js";
import type { AxisPart, Statistics, ValueStatistics } from "./statistics.js";

/** What must be seen of one value; extremes always. */
export interface Need {
  readonly value: Value;
  readonly histogram: boolean;
  /** Axes whose mean at every index is taken over all samples. */
  readonly means: ReadonlySet<number>;
  /** Axes whose largest magnitude at every index is taken over all samples. */
  readonly maxima: ReadonlySet<number>;
  /** Axes whose indexes are looked at in the first samples only. */
  readonly looks: ReadonlySet<number>;
  /** Set when only its fit into f16 is asked: then it may be infinite. */
  readonly mayOverflow: boolean;
  /** Set when the value is a norm's output that is seen with its channels scaled. */
  readonly norm?: EqualizationPlan;
}

interface MutableNeed {
  mayOverflow: boolean;
  readonly value: Value;
  histogram: boolean;
  readonly means: Set<number>;
  readonly maxima: Set<number>;
  readonly looks: Set<number>;
  norm?: EqualizationPlan;
}

/** What the plan reads of its values, in the order of the plan. Only values with a histogram are fetched whole. */
export function needsOf(plan: Plan, ops: OpRegistry): readonly Need[] {
  const needs = new Map<Value, MutableNeed>();
  const needOf = (value: Value): MutableNeed => {
    const known = needs.get(value) ?? {
      value,
      histogram: false,
      mayOverflow: false,
      means: new Set<number>(),
      maxima: new Set<number>(),
      looks: new Set<number>(),
    };
    needs.set(value, known);
    return known;
  };
  for (const { request, observe } of plan.groups)
    for (const value of observe) {
      const need = needOf(value);
      need.histogram ||= calibrators[request.method.name].needsHistogram;
    }
  const addAxis = (kind: AxisPart, { node, inputIndex }: MeasuredOperand): void => {
    const [value, axes] = [node.inputs[inputIndex], axesOf(node, ops)];
    if (value && axes) needOf(value)[kind].add(axes.input);
  };
  for (const operand of plan.biasCorrections) addAxis("means", operand);
  for (const operand of plan.splits) if (operand.by === "activations") addAxis("maxima", operand);
  for (const operand of lookedOperands(plan)) addAxis("looks", operand);
  for (const norm of plan.equalizations) {
    const need = needOf(norm.output);
    need.norm = norm;
    need.looks.add(channelAxisOf(norm.output));
  }
  for (const value of halfValues(plan)) if (!needs.has(value)) needOf(value).mayOverflow = true;
  return [...needs.values()];
}

/** What nodes that compute in f16 read and give, constants aside: its extremes say whether it fits there. Inside operators nothing is seen. */
function halfValues({ keeps }: Plan): readonly Value[] {
  return keeps.flatMap(({ node, dtype, within }) => (dtype === "f16" && !within ? wideValues(node) : []));
}

/** The float32 values that a node reads and gives, constants aside. */
export function wideValues({ inputs, outputs }: Node): readonly Value[] {
  return [...inputs, ...outputs].filter((value): value is Value => value !== null && !value.data && value.type.dtype === "f32");
}

/** Axis of the channels of an equalized norm: the last. */
export function channelAxisOf({ type }: Value): number {
  return (type.shape?.length ?? 1) - 1;
}

/** An operand whose channels are measured. */
export type MeasuredOperand = Pick<Plan["biasCorrections"][number], "node" | "inputIndex">;

/** Observed inputs of products with a quantized weight: those whose outlier channels are reported. */
export function lookedOperands({ nodes }: Plan): readonly MeasuredOperand[] {
  return [...nodes.values()].flatMap(({ node, inputs }) => {
    const inputIndex = inputs.findIndex(
      (operand, i) => operand?.kind === "activation" && operand.group.observe.includes(node.inputs[i] as Value),
    );
    return inputIndex >= 0 && inputs.some((operand) => operand?.kind === "weight") ? [{ node, inputIndex }] : [];
  });
}

/** True when the statistics have everything that the plan reads. */
export function suffices(statistics: Statistics, plan: Plan, ops: OpRegistry): boolean {
  return covers(statistics, needsOf(plan, ops));
}

/** True when the statistics have everything that the needs ask for. */
export function covers({ values, equalized }: Statistics, needs: readonly Need[]): boolean {
  return needs.every((need) => {
    const { value, norm } = need;
    const scaled = equalized.get(value.name);
    const seen = norm ? (scaled?.precision === precisionOf(norm) ? scaled.seen : undefined) : values.get(value.name);
    return seen !== undefined && hasParts(seen, need);
  });
}

function hasParts({ histogram, means, maxima, looks }: ValueStatistics, need: Need): boolean {
  const hasAll = (seen: ReadonlyMap<number, Float32Array> | undefined, axes: ReadonlySet<number>): boolean =>
    [...axes].every((axis) => seen?.has(axis));
  return (
    (!need.histogram || histogram !== undefined) && hasAll(means, need.means) && hasAll(maxima, need.maxima) && hasAll(looks, need.looks)
  );
}
