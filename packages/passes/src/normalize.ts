import { type GraphEditor, type Pass, type PassContext, runPasses } from "@vlm-export/ir";
import { dropRunningStatistics } from "./drop-running-statistics.js";
import { expandBatchNorm } from "./expand-batch-norm.js";
import { flattenDepth } from "./flatten-depth.js";
import { foldConstants } from "./fold-constants.js";
import { foldNestedConstants } from "./fold-nested-constants.js";
import { foldScaleShift } from "./fold-scale-shift.js";
import { fuseGelu } from "./fuse-gelu.js";
import { fuseLayerNorm } from "./fuse-layer-norm.js";
import { fuseQuickGelu } from "./fuse-quick-gelu.js";
import { fuseRmsNorm } from "./fuse-rms-norm.js";
import { removeDead } from "./remove-dead.js";
import { removeEmptyParts } from "./remove-empty-parts.js";
import { removeIdentity } from "./remove-identity.js";
import { removeNanGuard } from "./remove-nan-guard.js";
import { tagNestedRoles } from "./roles/tag-nested-roles.js";
import { tagRoles } from "./roles/tag-roles.js";
import { scatterToConcat } from "./scatter-to-concat.js";
import { takeBranches } from "./take-branches.js";

/** Each leaves dead nodes behind, whose reads would keep the next from matching. */
const REWRITES: readonly Pass[] = [
  removeEmptyParts,
  scatterToConcat,
  removeIdentity,
  foldConstants, // what is left of constants that were scattered
  flattenDepth,
  removeNanGuard,
  foldScaleShift,
  expandBatchNorm,
  foldScaleShift, // into the layers that BatchNormalization became
  fuseLayerNorm,
  fuseRmsNorm,
  fuseGelu,
  fuseQuickGelu,
];

/**
 * The normalize stage, in order. Target-independent: the graph computes the same numbers afterwards, up to rounding. Attention and
 * rotary embeddings stay decomposed, so that quantization sees their inner products; so do x·sigmoid(x) and x·clip(x + 3, 0, 6)/6,
 * for which no engine has an integer kernel that is better than those of their parts.
 */
export const normalizePasses: readonly Pass[] = [
  removeIdentity,
  dropRunningStatistics,
  removeDead,
  foldConstants,
  takeBranches,
  foldNestedConstants,
  removeIdentity,
  removeDead,
  ...REWRITES.flatMap((pass) => [pass, removeDead]),
  removeIdentity,
  removeDead,
  tagRoles,
  tagNestedRoles,
];

/** Runs {@link normalizePasses} on the graph that `edit` owns. */
export function normalize(edit: GraphEditor, context: PassContext): void {
  runPasses(edit, normalizePasses, context);
}
