import type { OpRegistry, Value } from "@vlm-export/ir";
import type { Plan } from "@vlm-export/recipe";
import { calibrators } from "./calibrators/calibrators.js";
import { type EqualizableNorm, precisionOf } from "./equalize/equalizable-norms.js";
import { axesOf } from "./rewrite/channel-axes.js";
import type { Statistics } from "./statistics.js";

/** What must be seen of one value; extremes always. */
export interface Need {
  readonly value: Value;
  readonly histogram: boolean;
  /** Axes whose every index is measured. */
  readonly channelAxes: ReadonlySet<number>;
  /** Set when the value is a norm's output that is seen with its channels scaled. */
  readonly norm?: EqualizableNorm;
}

interface MutableNeed {
  readonly value: Value;
  histogram: boolean;
  readonly channelAxes: Set<number>;
  norm?: EqualizableNorm;
}

/** What the plan reads of its values, in the order of the plan. Only values with a histogram are fetched whole. */
export function needsOf(plan: Plan, norms: readonly EqualizableNorm[], ops: OpRegistry): readonly Need[] {
  const needs = new Map<Value, MutableNeed>();
  const needOf = (value: Value): MutableNeed => {
    const known = needs.get(value) ?? { value, histogram: false, channelAxes: new Set<number>() };
    needs.set(value, known);
    return known;
  };
  for (const { request, observe } of plan.groups)
    for (const value of observe) {
      const need = needOf(value);
      need.histogram ||= calibrators[request.method.name].needsHistogram;
    }
  const measured = [...plan.biasCorrections, ...plan.splits.filter(({ by }) => by === "activations")];
  for (const { node, inputIndex } of measured) {
    const [value, axes] = [node.inputs[inputIndex], axesOf(node, ops)];
    if (value && axes) needOf(value).channelAxes.add(axes.input);
  }
  for (const norm of norms) needOf(norm.output).norm = norm;
  return [...needs.values()];
}

/** True when the statistics have everything that the needs ask for. */
export function covers({ values, equalized }: Statistics, needs: readonly Need[]): boolean {
  return needs.every(({ value: { name }, histogram, channelAxes, norm }) => {
    const scaled = equalized.get(name);
    const seen = norm ? (scaled?.precision === precisionOf(norm) ? scaled.seen : undefined) : values.get(name);
    return seen !== undefined && (!histogram || seen.histogram !== undefined) && [...channelAxes].every((axis) => seen.channels?.has(axis));
  });
}
