import type { OnnxAttribute } from "@vlm-export/formats/onnx";
import type { Value } from "@vlm-export/ir";

/**
 * Where a run of nodes stands: which value a name means there, which versions its operator sets have, and, in a model
 * function, what its attributes are bound to.
 */
export interface Frame {
  /** The value of a name, or undefined. In a nested graph, looking up an outer value captures it. */
  find(name: string): Value | undefined;
  define(name: string, value: Value): void;
  /** True when a node or a result of this place reads the name. */
  isRead(name: string): boolean;
  /** Name in the IR graph for a result that the source calls `name`. */
  resultName(name: string): string;
  /** Prefix of the node names of an expanded function; "" outside. */
  readonly prefix: string;
  readonly opsets: ReadonlyMap<string, number>;
  /** Attributes of the function call; undefined outside functions. */
  readonly bindings: ReadonlyMap<string, OnnxAttribute> | undefined;
  /** Keys of the functions being expanded, outermost first. */
  readonly calls: readonly string[];
}
