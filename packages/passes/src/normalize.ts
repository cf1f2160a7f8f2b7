import { type GraphEditor, type Pass, type PassContext, runPasses } from "@vlm-export/ir";
import { foldBatchNorm } from "./fold-batch-norm.js";
import { foldConstants } from "./fold-constants.js";
import { fuseGelu } from "./fuse-gelu.js";
import { fuseLayerNorm } from "./fuse-layer-norm.js";
import { fuseQuickGelu } from "./fuse-quick-gelu.js";
import { fuseRmsNorm } from "./fuse-rms-norm.js";
import { removeDead } from "./remove-dead.js";
import { removeIdentity } from "./remove-identity.js";
import { tagRoles } from "./roles/tag-roles.js";

/** The normalize stage, in order. Target-independent: the graph computes the same numbers afterwards, up to f32 rounding. */
export const normalizePasses: readonly Pass[] = [
  removeIdentity,
  foldConstants,
  removeDead,
  foldBatchNorm,
  fuseLayerNorm,
  fuseRmsNorm,
  fuseGelu,
  fuseQuickGelu,
  removeIdentity,
  removeDead,
  tagRoles,
];

/** Runs {@link normalizePasses} on the graph that `edit` owns. */
export function normalize(edit: GraphEditor, context: PassContext): void {
  runPasses(edit, normalizePasses, context);
}
