import type { LowerNode } from "./node.js";
import { clamp, hardSigmoid, quickGelu, reciprocal, swish } from "./ops/activation.js";
import { binary, binaryNames } from "./ops/binary.js";
import { concat } from "./ops/concat.js";
import { conv } from "./ops/conv.js";
import { gemm } from "./ops/fully-connected.js";
import { gather } from "./ops/gather.js";
import { matMul } from "./ops/mat-mul.js";
import { batchNorm, layerNorm, rmsNorm } from "./ops/normalization.js";
import { pad } from "./ops/pad.js";
import { averagePool, maxPool } from "./ops/pool.js";
import { reduce, reduceNames } from "./ops/reduce.js";
import { depthToSpace, resize } from "./ops/resize.js";
import { slice, split } from "./ops/slice.js";
import { logSoftmax, softmax } from "./ops/softmax.js";
import { unary, unaryNames } from "./ops/unary.js";
import { cast, expand, identity, reshape, transpose } from "./ops/view.js";

/** How each op is lowered; what is not here is rejected by the rules. */
export const lowerings: ReadonlyMap<string, LowerNode> = new Map<string, LowerNode>([
  ...binaryNames.map((name) => [name, binary] as const),
  ...reduceNames.map((name) => [name, reduce] as const),
  ...unaryNames.map((name) => [name, unary] as const),
  ["AveragePool", averagePool],
  ["BatchNormalization", batchNorm],
  ["Cast", cast],
  ["Clip", clamp],
  ["Concat", concat],
  ["Conv", conv],
  ["DepthToSpace", depthToSpace],
  ["Dropout", identity],
  ["Expand", expand],
  ["Flatten", reshape],
  ["Gather", gather],
  ["Gemm", gemm],
  ["HardSigmoid", hardSigmoid],
  ["Identity", identity],
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
  ["Transpose", transpose],
  ["Unsqueeze", reshape],
  ["vlm::Quantize", identity],
  ["vlm::QuickGelu", quickGelu],
]);
