import { attention } from "./contrib/attention.js";
import { embedLayerNormalization } from "./contrib/embed-layer-normalization.js";
import { fusedConv } from "./contrib/fused-conv.js";
import { fusedGemm } from "./contrib/fused-gemm.js";
import { fusedMatMul } from "./contrib/fused-mat-mul.js";
import { gelus } from "./contrib/gelu.js";
import { multiHeadAttention } from "./contrib/multi-head-attention.js";
import { quickGelu } from "./contrib/quick-gelu.js";
import { rotaryEmbedding } from "./contrib/rotary-embedding.js";
import { simplifiedLayerNormalization } from "./contrib/simplified-layer-normalization.js";
import { skipLayerNormalization, skipSimplifiedLayerNormalization } from "./contrib/skip-norm.js";
import { irNameOf, type NodeRule, type SourceNode } from "./rule.js";
import { batchNormalization } from "./upgrades/batch-normalization.js";
import { clip } from "./upgrades/clip.js";
import { dft } from "./upgrades/dft.js";
import { dropout } from "./upgrades/dropout.js";
import { gridSample } from "./upgrades/grid-sample.js";
import { groupNormalization } from "./upgrades/group-normalization.js";
import { pad } from "./upgrades/pad.js";
import { reduce } from "./upgrades/reduce.js";
import { resize } from "./upgrades/resize.js";
import { roiAlign } from "./upgrades/roi-align.js";
import { scan } from "./upgrades/scan.js";
import { scatter } from "./upgrades/scatter.js";
import { slice } from "./upgrades/slice.js";
import { softmax } from "./upgrades/softmax.js";
import { split } from "./upgrades/split.js";
import { squeeze } from "./upgrades/squeeze.js";
import { topK } from "./upgrades/top-k.js";
import { unsqueeze } from "./upgrades/unsqueeze.js";
import { upsample } from "./upgrades/upsample.js";

/** Every rule; an operator has at most one. */
export const RULES: readonly NodeRule[] = [
  attention,
  batchNormalization,
  clip,
  dft,
  dropout,
  embedLayerNormalization,
  fusedConv,
  fusedGemm,
  fusedMatMul,
  ...gelus,
  gridSample,
  groupNormalization,
  multiHeadAttention,
  pad,
  quickGelu,
  ...reduce,
  resize,
  roiAlign,
  rotaryEmbedding,
  scan,
  scatter,
  ...simplifiedLayerNormalization,
  skipLayerNormalization,
  skipSimplifiedLayerNormalization,
  slice,
  ...softmax,
  split,
  squeeze,
  topK,
  unsqueeze,
  upsample,
];

const BY_NAME: ReadonlyMap<string, NodeRule> = new Map(RULES.map((rule) => [irNameOf(rule.domain, rule.op), rule]));

/** The rule that applies to a node of this operator and version. */
export function ruleFor({ op, domain, opset }: Pick<SourceNode, "op" | "domain" | "opset">): NodeRule | undefined {
  const rule = BY_NAME.get(irNameOf(domain, op));
  return rule && opset < (rule.below ?? Number.POSITIVE_INFINITY) ? rule : undefined;
}
