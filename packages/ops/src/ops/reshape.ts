import type { Dim, OpDef } from "@vlm-export/ir";
import { opReshape, opValue } from "../errors.js";
import { rankFromVector } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { productOf, quotientOf, shapeText } from "../shape-math.js";
import { viewOp } from "../view-op.js";

/** ONNX Reshape. */
export const reshape: OpDef = viewOp({
  name: "Reshape",
  doc: "the same elements in shape `shape`: 0 keeps an extent (unless allowzero), −1 takes what is left",
  since: 5,
  shape: (call) => {
    const target = call.elements(1);
    const rank = rankFromVector(call.shape(1));
    if (!target) return rank === undefined ? undefined : call.freshShape(rank);
    return resolve(call, call.shape(0), target);
  },
});

function resolve(call: InferCall, from: Shape, target: readonly Dim[]): readonly Dim[] {
  const keepZero = call.int("allowzero") === 0;
  const holes = target.filter((extent) => extent === -1).length;
  if (holes > 1 || target.some((extent) => typeof extent === "number" && extent < -1))
    throw opValue("Reshape", "the target shape", shapeText(target), "extents of at least 0 and at most one -1");
  const copied = target.map((extent, i) => (extent === 0 && keepZero ? copyOf(call, from, i) : extent));
  const fixed = copied.filter((extent) => extent !== -1);
  if (holes === 0) {
    checkCount(from, fixed);
    return fixed;
  }
  const rest = (from && restOf(from, fixed)) ?? call.freshDim();
  return copied.map((extent) => (extent === -1 ? rest : extent));
}

function copyOf(call: InferCall, from: Shape, index: number): Dim {
  if (!from) return call.freshDim();
  const extent = from[index];
  if (extent === undefined)
    throw opValue("Reshape", `extent ${index} of the target shape`, 0, `an extent of its own: the input ${shapeText(from)} has none there`);
  return extent;
}

/** What −1 stands for; undefined when symbols do not cancel. */
function restOf(from: readonly Dim[], fixed: readonly Dim[]): Dim | undefined {
  const [total, known] = [productOf(from), productOf(fixed)];
  if (typeof total === "number" && typeof known === "number" && known !== 0 && total % known !== 0)
    throw opReshape("Reshape", shapeText(from), shapeText([...fixed, -1]));
  if (total === 0 && known !== 0) return known === undefined || typeof known === "string" ? undefined : 0;
  return quotientOf(from, fixed);
}

function checkCount(from: Shape, target: readonly Dim[]): void {
  const [total, wanted] = [from && productOf(from), productOf(target)];
  if (typeof total === "number" && typeof wanted === "number" && total !== wanted)
    throw opReshape("Reshape", shapeText(from ?? []), shapeText(target));
}
