import type { Dim, OpDef } from "@vlm-export/ir";
import { blockSizeOf } from "../block-size.js";
import { onnxOp } from "../define-op.js";
import { opExtent } from "../errors.js";
import { checkRank } from "../extents.js";
import { divideDims, floorDivideDim, multiplyDims } from "../shape-math.js";
import { stridedIndices, stridesOf, take } from "../take.js";

/** ONNX SpaceToDepth. */
export const spaceToDepth: OpDef = onnxOp({
  name: "SpaceToDepth",
  doc: "blocks of blocksize × blocksize pixels become blocksize² channels, the position in the block outermost",
  since: 1,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const block = blockSizeOf(call);
    checkRank("SpaceToDepth", "input", shape, 4);
    if (!shape) return [{ dtype: call.dtype(0), shape: call.freshShape(4) }];
    const [n, c, h, w] = shape as readonly [Dim, Dim, Dim, Dim];
    for (const extent of [h, w])
      if (typeof extent === "number" && extent % block !== 0)
        throw opExtent("SpaceToDepth", "a spatial extent", extent, `a multiple of ${block}`);
    const part = (extent: Dim): Dim => divideDims(extent, block) ?? floorDivideDim(extent, block) ?? call.freshDim();
    return [{ dtype: call.dtype(0), shape: [n, multiplyDims(c, block ** 2) ?? call.freshDim(), part(h), part(w)] }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const block = blockSizeOf(call);
    const [n, c, h, w] = [data.shape[0], data.shape[1], shape[2], shape[3]] as [number, number, number, number];
    const [sn, sc, sh, sp, sw, sq] = stridesOf([n, c, h, block, w, block]) as [number, number, number, number, number, number];
    return [take(data, shape, stridedIndices([n, block, block, c, h, w], [sn, sp, sq, sc, sh, sw]))];
  },
});
