import type { Node, OpDef } from "@vlm-export/ir";
import type { NodeDecisions } from "./decide.js";
import type { Operand } from "./operands.js";

/** A node with what its op is, which operands can be integers and what the rules say. */
export interface NodeView {
  readonly node: Node;
  readonly def: OpDef | undefined;
  readonly operands: readonly Operand[];
  readonly decisions: NodeDecisions;
}
