import { type Diagnostic, f32Tensor, type QuantSpec, type TensorType } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { QuantGroup } from "@vlm-export/recipe";
import { type ActivationQParams, activationQParams, LARGEST_SCALE, SMALLEST_SCALE } from "./activation-qparams.js";
import type { RealRange } from "./calibrators/calibrator.js";
import { calibrators } from "./calibrators/calibrators.js";
import type { Equalization } from "./equalize/equalization.js";
import { quantHugeRange, quantMasked, quantNoStatistics, quantTinyRange, quantZeroRange } from "./errors.js";
import { extremesOf, unionOf, type ValueStatistics } from "./statistics.js";
import { floatsOf } from "./weights/constant-floats.js";
import { staticSpec } from "./weights/quant-spec.js";

/** Qparams of a static group and the range that they come from. */
export interface StaticRange {
  readonly realRange: RealRange;
  readonly qparams: ActivationQParams;
}

/** The range of every static group: fixed, or from the union of what was observed and of its constants. Throws VX-QUANT-NO-STATISTICS, VX-QUANT-MASKED. */
export function staticRanges(
  groups: readonly QuantGroup[],
  equalization: Pick<Equalization, "seen">,
  { kernels, report }: { readonly kernels: Kernels; report(finding: Diagnostic): void },
): ReadonlyMap<QuantGroup, StaticRange> {
  const ranges = new Map<QuantGroup, StaticRange>();
  for (const group of groups) {
    if (group.request.mode !== "static") continue;
    const realRange = withConstants(group.fixedRange ?? calibrated(group, equalization), group, kernels);
    if (realRange[0] === 0 && realRange[1] === 0) report(quantZeroRange(nameOf(group)));
    const qparams = activationQParams(realRange, group.request);
    if (qparams.scale === SMALLEST_SCALE) report(quantTinyRange(nameOf(group), realRange));
    if (qparams.scale === LARGEST_SCALE) report(quantHugeRange(nameOf(group), realRange));
    ranges.set(group, { realRange, qparams });
  }
  return ranges;
}

function calibrated(group: QuantGroup, equalization: Pick<Equalization, "seen">): RealRange {
  const { request, observe } = group;
  const seen = observe.map((value): ValueStatistics => {
    const found = equalization.seen(value);
    if (!found) throw quantNoStatistics(value.name, "range");
    if (extremesOf(found)[0] === Number.NEGATIVE_INFINITY) throw quantMasked(value.name);
    return found;
  });
  const [first] = seen;
  if (!first) return [0, 0];
  const calibrator = calibrators[request.method.name];
  const union = seen.length === 1 ? first : unionOf(seen);
  if (calibrator.needsHistogram && !union.histogram) throw quantNoStatistics(nameOf(group), "histogram");
  return calibrator.rangeOf(union, request.method, request);
}

function withConstants([min, max]: RealRange, { constants }: QuantGroup, kernels: Kernels): RealRange {
  const own = constants.flatMap(({ value }) => (value.data ? [kernels.rangeOf(floatsOf(value.data))] : []));
  return [Math.min(min, ...own.map((range) => range.min)), Math.max(max, ...own.map((range) => range.max))];
}

function nameOf({ observe, values, splits }: QuantGroup): string {
  return (observe[0] ?? values[0] ?? splits[0]?.value)?.name ?? "";
}

/** The range of a group with the channels that a split takes out left away. */
export function narrowed({ realRange: [min, max] }: StaticRange, largest: number, { request }: QuantGroup): StaticRange {
  const realRange: RealRange = [Math.max(min, -largest), Math.min(max, largest)];
  return { realRange, qparams: activationQParams(realRange, request) };
}

/** The spec of a value of `type` in `group`; `range` only for static groups. */
export function activationSpec({ request }: QuantGroup, { shape }: TensorType, range: StaticRange | undefined): QuantSpec {
  const { storage, granularity, symmetric } = request;
  const parts = { storage, range: request.range, granularity };
  if (!range) return { ...parts, mode: "dynamic" };
  const { scale, zeroPoint } = range.qparams;
  const ones = (shape ?? []).map(() => 1);
  const stated = symmetric && zeroPoint === 0 ? {} : { zeroPoint: [zeroPoint] };
  const spec = staticSpec(parts, { scale: f32Tensor([scale], ones), ...stated });
  return { ...spec, realRange: range.realRange };
}
