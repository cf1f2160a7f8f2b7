import type { Expansion } from "./expansion.js";
import { expandIdentity } from "./identity.js";
import { expandQuickGelu } from "./quick-gelu.js";

const EXPANSIONS: ReadonlyMap<string, Expansion> = new Map([
  ["vlm::Quantize", expandIdentity],
  ["vlm::QuickGelu", expandQuickGelu],
]);

/** How an operator of the IR's own set is written; undefined for those of ONNX. */
export function expansionOf(op: string): Expansion | undefined {
  return EXPANSIONS.get(op);
}
