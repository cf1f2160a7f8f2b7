import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { multiplyDims } from "../shape-math.js";
import { stridesOf, take } from "../take.js";

/** ONNX Tile. */
export const tile: OpDef = onnxOp({
  name: "Tile",
  doc: "the input repeated repeats[i] times along axis i",
  since: 6,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const [shape, repeats] = [call.shape(0), call.elements(1)];
    if (!shape) return [{ dtype: call.dtype(0), shape: undefined }];
    if (repeats && repeats.length !== shape.length)
      throw opValue("Tile", "the number of repeats", repeats.length, `the rank, ${shape.length}`);
    if (repeats?.some((times) => typeof times === "number" && times < 0))
      throw opValue("Tile", "a repeat", repeats.join(", "), "at least 0");
    const tiled = shape.map((extent, i) => (repeats ? multiplyDims(extent, repeats[i] as Dim) : undefined) ?? call.freshDim());
    return [{ dtype: call.dtype(0), shape: tiled }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const [from, to] = [stridesOf(data.shape), stridesOf(shape)];
    const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) =>
      data.shape.reduce(
        (sum, extent, i) => sum + ((Math.floor(k / (to[i] as number)) % (shape[i] as number)) % extent) * (from[i] as number),
        0,
      ),
    );
    return [take(data, shape, picks)];
  },
});
