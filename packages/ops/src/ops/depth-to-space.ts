import type { Dim, OpDef } from "@vlm-export/ir";
import { blockSizeOf } from "../block-size.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { opExtent } from "../errors.js";
import { checkRank } from "../extents.js";
import { divideDims, floorDivideDim, multiplyDims } from "../shape-math.js";
import { stridedIndices, stridesOf, take } from "../take.js";

const MODES: ReadonlySet<string> = new Set(["DCR", "CRD"]);

/** ONNX DepthToSpace. */
export const depthToSpace: OpDef = onnxOp({
  name: "DepthToSpace",
  doc: "blocks of blocksize² channels become blocksize × blocksize pixels; DCR: the block is the outer part of the channel, CRD: the inner",
  since: 1,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const block = blockSizeOf(call);
    oneOf(call, "mode", MODES);
    checkRank("DepthToSpace", "input", shape, 4);
    if (!shape) return [{ dtype: call.dtype(0), shape: call.freshShape(4) }];
    const [n, c, h, w] = shape as readonly [Dim, Dim, Dim, Dim];
    if (typeof c === "number" && c % block ** 2 !== 0)
      throw opExtent("DepthToSpace", "the number of channels", c, `a multiple of ${block ** 2}`);
    const dims = [divideDims(c, block ** 2) ?? floorDivideDim(c, block ** 2), multiplyDims(h, block), multiplyDims(w, block)];
    return [{ dtype: call.dtype(0), shape: [n, ...dims.map((dim) => dim ?? call.freshDim())] }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const block = blockSizeOf(call);
    const [n, c, h, w] = [shape[0] as number, shape[1] as number, data.shape[2] as number, data.shape[3] as number];
    const dcr = call.text("mode") === "DCR";
    const [sn, sa, sb, sd, sh, sw] = stridesOf(dcr ? [n, block, block, c, h, w] : [n, c, block, block, h, w]);
    const strides = (dcr ? [sn, sd, sh, sa, sw, sb] : [sn, sa, sh, sb, sw, sd]) as number[];
    return [take(data, shape, stridedIndices([n, c, h, block, w, block], strides))];
  },
});
