import type { Value } from "@vlm-export/ir";
import type { KeptReason } from "../plan-types.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

/** What stays as it is whatever the rules say. */
export class Exemptions {
  /** Values that are not integers at their definition. */
  readonly values: Map<Value, KeptReason> = new Map();
  /** Operands that are read as they are, by `edgeKey`. */
  readonly edges: Set<string> = new Set();

  /** Neither the value nor any reading of it becomes integers. */
  keep(value: Value, reason: KeptReason, readers: Readers): void {
    this.values.set(value, reason);
    for (const { node, index } of readers.of(value)) if (node) this.edges.add(edgeKey(node, index));
  }
}
