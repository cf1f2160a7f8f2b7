import type { LowerNode } from "./node.js";
import { clamp, elu, hardSigmoid, quickGelu, reciprocal, swish } from "./ops/activation.js";
import { arg } from "./ops/arg.js";
import { binary, binaryNames } from "./ops/binary.js";
import { cast } from "./ops/cast.js";
import { concat } from "./ops/concat.js";
import { conv } from "./ops/conv.js";
import { convTranspose } from "./ops/conv-transpose.js";
import { cumSum } from "./ops/cum-sum.js";
import { gemm } from "./ops/fully-connected.js";
import { gather } from "./ops/gather.js";
import { gatherElements } from "./ops/gather-elements.js";
import { gatherNd } from "./ops/gather-nd.js";
import { isNan } from "./ops/is-nan.js";
import { matMul } from "./ops/mat-mul.js";
import { norm, normNames } from "./ops/norm.js";
import { batchNorm, instanceNorm, layerNorm, rmsNorm } from "./ops/normalization.js";
import { pad } from "./ops/pad.js";
import { averagePool, maxPool } from "./ops/pool.js";
import { reduce, reduceNames } from "./ops/reduce.js";
import { depthToSpace, resize } from "./ops/resize.js";
import { slice, split } from "./ops/slice.js";
import { logSoftmax, softmax } from "./ops/softmax.js";
import { tile } from "./ops/tile.js";
import { unary, unaryNames } from "./ops/unary.js";
import { expand, identity, reshape, transpose } from "./ops/view.js";
import { where } from "./ops/where.js";

/** How each op is lowered; what is not here is rejected by the rules. */
export const lowerings: ReadonlyMap<string, LowerNode> = new Map<string, LowerNode>([
  ...binaryNames.map((name) => [name, binary] as const),
  ...normNames.map((name) => [name, norm] as const),
  ...reduceNames.map((name) => [name, reduce] as const),
  ...unaryNames.map((name) => [name, unary] as const),
  ["ArgMax", arg],
  ["ArgMin", arg],
  ["AveragePool", averagePool],
  ["BatchNormalization", batchNorm],
  ["Cast", cast],
  ["Clip", clamp],
  ["Concat", concat],
  ["Conv", conv],
  ["ConvTranspose", convTranspose],
  ["CumSum", cumSum],
  ["DepthToSpace", depthToSpace],
  ["Dropout", identity],
  ["Elu", elu],
  ["Expand", expand],
  ["Flatten", reshape],
  ["Gather", gather],
  ["GatherElements", gatherElements],
  ["GatherND", gatherNd],
  ["Gemm", gemm],
  ["HardSigmoid", hardSigmoid],
  ["Identity", identity],
  ["InstanceNormalization", instanceNorm],
  ["IsNaN", isNan],
  ["LayerNormalization", layerNorm],
  ["LogSoftmax", logSoftmax],
  ["MatMul", matMul],
  ["MaxPool", maxPool],
  ["Pad", pad],
  ["RMSNormalization", rmsNorm],
  ["Reciprocal", reciprocal],
  ["Relu", clamp],
  ["Reshape", reshape],
  ["Resize", resize],
  ["Slice", slice],
  ["Softmax", softmax],
  ["Split", split],
  ["Squeeze", reshape],
  ["Swish", swish],
  ["Tile", tile],
  ["Transpose", transpose],
  ["Unsqueeze", reshape],
  ["Where", where],
  ["vlm::Quantize", identity],
  ["vlm::QuickGelu", quickGelu],
]);
