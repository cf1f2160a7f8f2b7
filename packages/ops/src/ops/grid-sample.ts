import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { checkMinRank, checkRank } from "../extents.js";
import { axisTaps, type PaddingMode, type SampleRule } from "../grid-sample-core.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { stridesOf } from "../take.js";

const MODES: ReadonlySet<string> = new Set(["linear", "nearest", "cubic"]);
const PADDINGS: ReadonlySet<string> = new Set<PaddingMode>(["zeros", "border", "reflection"]);

/** ONNX GridSample. */
export const gridSample: OpDef = onnxOp({
  name: "GridSample",
  doc: "the image sampled at the positions of `grid`, whose last axis is (x, y, …) in [−1, 1]",
  since: 20,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const [x, grid] = [call.shape(0), call.shape(1)];
    ruleOf(call);
    checkMinRank("GridSample", "X", x, 3);
    if (x) checkRank("GridSample", "grid", grid, x.length);
    const rank = x?.length ?? grid?.length;
    if (rank === undefined) return [{ dtype: call.dtype(0), shape: undefined }];
    const spatial = Array.from({ length: rank - 2 }, (_, i) => grid?.[i + 1] ?? call.freshDim());
    return [{ dtype: call.dtype(0), shape: [x?.[0] ?? (grid?.[0] as Dim), x?.[1] ?? call.freshDim(), ...spatial] }];
  },
  evaluate: (call) => {
    const [x, grid] = [call.data(0), call.data(1)];
    const { dtype, shape } = call.output();
    const extents = x.shape.slice(2);
    if (extents.length > 3) throw opNotEvaluated("GridSample", `${extents.length} spatial axes`);
    const [values, places] = [numbersOf(x), numbersOf(grid)];
    const strides = stridesOf(extents);
    const [channels, inSize, outSize] = [x.shape[1] as number, elementCount(extents), elementCount(shape.slice(2))];
    const rule = ruleOf(call);
    const out = new Float64Array(elementCount(shape));
    for (let place = 0; place * extents.length < places.length; place += 1) {
      const taps = tapsAt(rule, places.subarray(place * extents.length, (place + 1) * extents.length), extents, strides);
      const [sample, position] = [Math.floor(place / outSize), place % outSize];
      for (let c = 0; c < channels; c += 1) {
        const start = (sample * channels + c) * inSize;
        out[(sample * channels + c) * outSize + position] = taps.reduce(
          (sum, [at, weight]) => sum + weight * (values[start + at] as number),
          0,
        );
      }
    }
    return [tensorOf(dtype, shape, out)];
  },
});

function ruleOf(call: AttributeReader): SampleRule {
  return {
    mode: oneOf(call, "mode", MODES) as SampleRule["mode"],
    padding: oneOf(call, "padding_mode", PADDINGS) as PaddingMode,
    alignCorners: call.int("align_corners") !== 0,
  };
}

/** Flat positions and weights of one sample: the product of the taps along each axis. The grid names the last axis first. */
function tapsAt(
  rule: SampleRule,
  place: ArrayLike<number>,
  extents: readonly number[],
  strides: readonly number[],
): readonly (readonly [number, number])[] {
  let taps: (readonly [number, number])[] = [[0, 1]];
  extents.forEach((extent, axis) => {
    const along = axisTaps(rule, place[extents.length - 1 - axis] as number, extent).filter(([index]) => index >= 0);
    taps = taps.flatMap(([at, weight]) =>
      along.map(([index, factor]): readonly [number, number] => [at + index * (strides[axis] as number), weight * factor]),
    );
  });
  return taps;
}
