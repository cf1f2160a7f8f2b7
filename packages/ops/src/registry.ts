import type { OpDef, OpName, OpRegistry } from "@vlm-export/ir";
import { abs } from "./ops/abs.js";
import { acos } from "./ops/acos.js";
import { acosh } from "./ops/acosh.js";
import { add } from "./ops/add.js";
import { affineGrid } from "./ops/affine-grid.js";
import { and } from "./ops/and.js";
import { argMax } from "./ops/arg-max.js";
import { argMin } from "./ops/arg-min.js";
import { asin } from "./ops/asin.js";
import { asinh } from "./ops/asinh.js";
import { atan } from "./ops/atan.js";
import { atanh } from "./ops/atanh.js";
import { attention } from "./ops/attention.js";
import { averagePool } from "./ops/average-pool.js";
import { batchNormalization } from "./ops/batch-normalization.js";
import { bernoulli } from "./ops/bernoulli.js";
import { bitShift } from "./ops/bit-shift.js";
import { bitwiseAnd } from "./ops/bitwise-and.js";
import { bitwiseNot } from "./ops/bitwise-not.js";
import { bitwiseOr } from "./ops/bitwise-or.js";
import { bitwiseXor } from "./ops/bitwise-xor.js";
import { cast } from "./ops/cast.js";
import { castLike } from "./ops/cast-like.js";
import { ceil } from "./ops/ceil.js";
import { celu } from "./ops/celu.js";
import { centerCropPad } from "./ops/center-crop-pad.js";
import { clip } from "./ops/clip.js";
import { compress } from "./ops/compress.js";
import { concat } from "./ops/concat.js";
import { constant } from "./ops/constant.js";
import { constantOfShape } from "./ops/constant-of-shape.js";
import { conv } from "./ops/conv.js";
import { convInteger } from "./ops/conv-integer.js";
import { convTranspose } from "./ops/conv-transpose.js";
import { cos } from "./ops/cos.js";
import { cosh } from "./ops/cosh.js";
import { cumSum } from "./ops/cum-sum.js";
import { deformConv } from "./ops/deform-conv.js";
import { depthToSpace } from "./ops/depth-to-space.js";
import { dequantizeLinear } from "./ops/dequantize-linear.js";
import { div } from "./ops/div.js";
import { dropout } from "./ops/dropout.js";
import { dynamicQuantizeLinear } from "./ops/dynamic-quantize-linear.js";
import { einsum } from "./ops/einsum.js";
import { elu } from "./ops/elu.js";
import { equal } from "./ops/equal.js";
import { erf } from "./ops/erf.js";
import { exp } from "./ops/exp.js";
import { expand } from "./ops/expand.js";
import { eyeLike } from "./ops/eye-like.js";
import { flatten } from "./ops/flatten.js";
import { floor } from "./ops/floor.js";
import { gather } from "./ops/gather.js";
import { gatherElements } from "./ops/gather-elements.js";
import { gatherND } from "./ops/gather-nd.js";
import { gelu } from "./ops/gelu.js";
import { gemm } from "./ops/gemm.js";
import { globalAveragePool } from "./ops/global-average-pool.js";
import { globalLpPool } from "./ops/global-lp-pool.js";
import { globalMaxPool } from "./ops/global-max-pool.js";
import { greater } from "./ops/greater.js";
import { greaterOrEqual } from "./ops/greater-or-equal.js";
import { gridSample } from "./ops/grid-sample.js";
import { groupNormalization } from "./ops/group-normalization.js";
import { gru } from "./ops/gru.js";
import { hardSigmoid } from "./ops/hard-sigmoid.js";
import { hardSwish } from "./ops/hard-swish.js";
import { hardmax } from "./ops/hardmax.js";
import { identity } from "./ops/identity.js";
import { instanceNormalization } from "./ops/instance-normalization.js";
import { isInf } from "./ops/is-inf.js";
import { isNotANumber } from "./ops/is-na-n.js";
import { layerNormalization } from "./ops/layer-normalization.js";
import { leakyRelu } from "./ops/leaky-relu.js";
import { less } from "./ops/less.js";
import { lessOrEqual } from "./ops/less-or-equal.js";
import { log } from "./ops/log.js";
import { logSoftmax } from "./ops/log-softmax.js";
import { lpNormalization } from "./ops/lp-normalization.js";
import { lpPool } from "./ops/lp-pool.js";
import { lrn } from "./ops/lrn.js";
import { lstm } from "./ops/lstm.js";
import { matMul } from "./ops/mat-mul.js";
import { matMulInteger } from "./ops/mat-mul-integer.js";
import { max } from "./ops/max.js";
import { maxPool } from "./ops/max-pool.js";
import { mean } from "./ops/mean.js";
import { meanVarianceNormalization } from "./ops/mean-variance-normalization.js";
import { min } from "./ops/min.js";
import { mish } from "./ops/mish.js";
import { mod } from "./ops/mod.js";
import { mul } from "./ops/mul.js";
import { multinomial } from "./ops/multinomial.js";
import { neg } from "./ops/neg.js";
import { nonMaxSuppression } from "./ops/non-max-suppression.js";
import { nonZero } from "./ops/non-zero.js";
import { not } from "./ops/not.js";
import { oneHot } from "./ops/one-hot.js";
import { or } from "./ops/or.js";
import { pRelu } from "./ops/p-relu.js";
import { pad } from "./ops/pad.js";
import { pow } from "./ops/pow.js";
import { qLinearConv } from "./ops/q-linear-conv.js";
import { qLinearMatMul } from "./ops/q-linear-mat-mul.js";
import { quantize } from "./ops/quantize.js";
import { quantizeLinear } from "./ops/quantize-linear.js";
import { quickGelu } from "./ops/quick-gelu.js";
import { randomNormal } from "./ops/random-normal.js";
import { randomNormalLike } from "./ops/random-normal-like.js";
import { randomUniform } from "./ops/random-uniform.js";
import { randomUniformLike } from "./ops/random-uniform-like.js";
import { range } from "./ops/range.js";
import { reciprocal } from "./ops/reciprocal.js";
import { reduceL1 } from "./ops/reduce-l1.js";
import { reduceL2 } from "./ops/reduce-l2.js";
import { reduceLogSum } from "./ops/reduce-log-sum.js";
import { reduceLogSumExp } from "./ops/reduce-log-sum-exp.js";
import { reduceMax } from "./ops/reduce-max.js";
import { reduceMean } from "./ops/reduce-mean.js";
import { reduceMin } from "./ops/reduce-min.js";
import { reduceProd } from "./ops/reduce-prod.js";
import { reduceSum } from "./ops/reduce-sum.js";
import { reduceSumSquare } from "./ops/reduce-sum-square.js";
import { relu } from "./ops/relu.js";
import { reshape } from "./ops/reshape.js";
import { resize } from "./ops/resize.js";
import { reverseSequence } from "./ops/reverse-sequence.js";
import { rmsNormalization } from "./ops/rms-normalization.js";
import { rnn } from "./ops/rnn.js";
import { roiAlign } from "./ops/roi-align.js";
import { rotaryEmbedding } from "./ops/rotary-embedding.js";
import { round } from "./ops/round.js";
import { scatterElements } from "./ops/scatter-elements.js";
import { scatterND } from "./ops/scatter-nd.js";
import { selu } from "./ops/selu.js";
import { shape } from "./ops/shape.js";
import { shrink } from "./ops/shrink.js";
import { sigmoid } from "./ops/sigmoid.js";
import { sign } from "./ops/sign.js";
import { sin } from "./ops/sin.js";
import { sinh } from "./ops/sinh.js";
import { size } from "./ops/size.js";
import { slice } from "./ops/slice.js";
import { softmax } from "./ops/softmax.js";
import { softplus } from "./ops/softplus.js";
import { softsign } from "./ops/softsign.js";
import { spaceToDepth } from "./ops/space-to-depth.js";
import { split } from "./ops/split.js";
import { sqrt } from "./ops/sqrt.js";
import { squeeze } from "./ops/squeeze.js";
import { sub } from "./ops/sub.js";
import { sum } from "./ops/sum.js";
import { swish } from "./ops/swish.js";
import { tan } from "./ops/tan.js";
import { tanh } from "./ops/tanh.js";
import { tensorScatter } from "./ops/tensor-scatter.js";
import { thresholdedRelu } from "./ops/thresholded-relu.js";
import { tile } from "./ops/tile.js";
import { topK } from "./ops/top-k.js";
import { transpose } from "./ops/transpose.js";
import { trilu } from "./ops/trilu.js";
import { unique } from "./ops/unique.js";
import { unsqueeze } from "./ops/unsqueeze.js";
import { where } from "./ops/where.js";
import { xor } from "./ops/xor.js";
import { passThroughTypes } from "./pass-through/pass-through.js";

/** Every op of the vocabulary, one a file. */
const OPS: readonly OpDef[] = [
  abs,
  acos,
  acosh,
  add,
  affineGrid,
  and,
  argMax,
  argMin,
  asin,
  asinh,
  atan,
  atanh,
  attention,
  averagePool,
  batchNormalization,
  bernoulli,
  bitShift,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  castLike,
  cast,
  ceil,
  celu,
  centerCropPad,
  clip,
  compress,
  concat,
  constantOfShape,
  constant,
  convInteger,
  convTranspose,
  conv,
  cos,
  cosh,
  cumSum,
  deformConv,
  depthToSpace,
  dequantizeLinear,
  div,
  dropout,
  dynamicQuantizeLinear,
  einsum,
  elu,
  equal,
  erf,
  exp,
  expand,
  eyeLike,
  flatten,
  floor,
  gatherElements,
  gatherND,
  gather,
  gelu,
  gemm,
  globalAveragePool,
  globalLpPool,
  globalMaxPool,
  greaterOrEqual,
  greater,
  gridSample,
  groupNormalization,
  gru,
  hardSigmoid,
  hardSwish,
  hardmax,
  identity,
  instanceNormalization,
  isInf,
  isNotANumber,
  layerNormalization,
  leakyRelu,
  lessOrEqual,
  less,
  logSoftmax,
  log,
  lpNormalization,
  lpPool,
  lrn,
  lstm,
  matMulInteger,
  matMul,
  maxPool,
  max,
  meanVarianceNormalization,
  mean,
  min,
  mish,
  mod,
  mul,
  multinomial,
  neg,
  nonMaxSuppression,
  nonZero,
  not,
  oneHot,
  or,
  pRelu,
  pad,
  pow,
  qLinearConv,
  qLinearMatMul,
  quantizeLinear,
  quantize,
  quickGelu,
  randomNormalLike,
  randomNormal,
  randomUniformLike,
  randomUniform,
  range,
  reciprocal,
  reduceL1,
  reduceL2,
  reduceLogSumExp,
  reduceLogSum,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSumSquare,
  reduceSum,
  relu,
  reshape,
  resize,
  reverseSequence,
  rmsNormalization,
  rnn,
  roiAlign,
  rotaryEmbedding,
  round,
  scatterElements,
  scatterND,
  selu,
  shape,
  shrink,
  sigmoid,
  sign,
  sin,
  sinh,
  size,
  slice,
  softmax,
  softplus,
  softsign,
  spaceToDepth,
  split,
  sqrt,
  squeeze,
  sub,
  sum,
  swish,
  tan,
  tanh,
  tensorScatter,
  thresholdedRelu,
  tile,
  topK,
  transpose,
  trilu,
  unique,
  unsqueeze,
  where,
  xor,
];

/** Every op of the vocabulary by name. */
export const OPS_BY_NAME: ReadonlyMap<OpName, OpDef> = new Map(OPS.map((op) => [op.name, op]));

/** The ONNX default domain at {@link IR_OPSET} and the few ops of our own. Ops that are not in it pass through, most with unknown types. */
export function standardOps(): OpRegistry {
  return { all: OPS_BY_NAME, get: (name) => OPS_BY_NAME.get(name), passThrough: passThroughTypes };
}
