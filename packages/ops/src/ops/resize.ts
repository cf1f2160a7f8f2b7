import type { OpDef, TensorData } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { axisView } from "../axis.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import type { EvaluateCall } from "../op-call.js";
import { resizeAxes, resizedShape, resizePlan } from "../resize-shape.js";
import { axisWeights, type ResizeRule, type Weights } from "../resize-weights.js";
import { integersOf, numbersOf, tensorOf } from "../small-tensor.js";
import { stridesOf, take } from "../take.js";

const MODES: ReadonlySet<string> = new Set(["nearest", "linear", "cubic"]);
const POLICIES: ReadonlySet<string> = new Set(["stretch", "not_larger", "not_smaller"]);
const NEAREST: ReadonlySet<string> = new Set(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]);
const COORDINATES: ReadonlySet<string> = new Set([
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_crop_and_resize",
]);

/** ONNX Resize. Shares the input's qparams: nearest picks elements, linear stays between them. */
export const resize: OpDef = onnxOp({
  name: "Resize",
  doc: "the input resampled to `sizes` or by `scales`, axis by axis",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    ruleOf(call);
    return [{ dtype: call.dtype(0), shape: resizedShape(call) }];
  },
  evaluate: (call) => {
    const { shape } = call.data(0);
    const plan = resizePlan(call, shape, requestOf(call, shape.length));
    const rule = ruleOf(call);
    const weights = plan.map((axis, i) => axisWeights(rule, shape[i] as number, axis));
    return [rule.mode === "nearest" ? pickNearest(call, weights) : blend(call, weights)];
  },
});

function ruleOf(call: AttributeReader): ResizeRule {
  oneOf(call, "keep_aspect_ratio_policy", POLICIES);
  return {
    coordinates: oneOf(call, "coordinate_transformation_mode", COORDINATES),
    mode: oneOf(call, "mode", MODES) as ResizeRule["mode"],
    nearest: oneOf(call, "nearest_mode", NEAREST),
    antialias: call.int("antialias") !== 0,
    excludeOutside: call.int("exclude_outside") !== 0,
    cubicA: call.float("cubic_coeff_a"),
  };
}

function requestOf(call: EvaluateCall, rank: number): Parameters<typeof resizePlan>[2] {
  const [roi, scales, sizes] = [1, 2, 3].map((i) => call.optional(i)).map((data) => (data && data.byteLength > 0 ? data : undefined));
  return {
    axes: resizeAxes(call, rank),
    ...(scales && { scales: Array.from(numbersOf(scales)) }),
    ...(sizes && { sizes: integersOf(sizes) }),
    ...(roi && { roi: Array.from(numbersOf(roi)) }),
  };
}

function pickNearest(call: EvaluateCall, weights: readonly (readonly Weights[])[]): TensorData {
  const data = call.data(0);
  const { dtype, shape } = call.output();
  const [from, to] = [stridesOf(data.shape), stridesOf(shape)];
  const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) => {
    let index = 0;
    for (let axis = 0; axis < shape.length && index >= 0; axis += 1) {
      const source = weights[axis]?.[Math.floor(k / (to[axis] as number)) % (shape[axis] as number)]?.[0]?.[0];
      index = source === undefined ? -1 : index + source * (from[axis] as number);
    }
    return index;
  });
  return take(data, shape, picks, tensorOf(dtype, [1], [call.float("extrapolation_value")]));
}

function blend(call: EvaluateCall, weights: readonly (readonly Weights[])[]): TensorData {
  const data = call.data(0);
  const { dtype, shape } = call.output();
  const outside = call.float("extrapolation_value");
  const current = [...data.shape];
  let values = numbersOf(data);
  weights.forEach((rows, axis) => {
    const { outer, length, inner } = axisView(current, axis);
    current[axis] = rows.length;
    const next = new Float64Array(outer * rows.length * inner);
    next.forEach((_, k) => {
      const row = rows[Math.floor(k / inner) % rows.length] as Weights;
      const start = Math.floor(k / (inner * rows.length)) * length * inner + (k % inner);
      next[k] =
        row.length === 0 ? outside : row.reduce((sum, [index, weight]) => sum + weight * (values[start + index * inner] as number), 0);
    });
    values = next;
  });
  return tensorOf(dtype, shape, values);
}
