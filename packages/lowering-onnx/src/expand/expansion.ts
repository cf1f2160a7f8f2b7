import type { Node } from "@vlm-export/ir";
import type { GraphWriter } from "../graph-writer.js";

/** A node of the IR's own operator set and the ONNX names of its operands. */
interface Expanded {
  readonly node: Node;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Writes an operator that ONNX does not have as ones that it has. */
export type Expansion = (expanded: Expanded, writer: GraphWriter) => void;
