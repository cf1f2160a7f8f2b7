import type { OnnxNode } from "@vlm-export/formats/onnx";
import type { Attrs, OpRegistry, TensorData, Value, VxError } from "@vlm-export/ir";

/** Registry key of an operator: the bare name in the default domain, `domain::Name` otherwise. */
export function irNameOf(domain: string, op: string): string {
  return domain === "" ? op : `${domain}::${op}`;
}

/** A node of the source model with its operands resolved. */
export interface SourceNode {
  /** Never empty. */
  readonly name: string;
  readonly op: string;
  /** "" for the default domain. */
  readonly domain: string;
  /** Version of the node's operator set. */
  readonly opset: number;
  /** Trailing omitted operands are cut off. */
  readonly inputs: readonly (Value | null)[];
  /** Names of the results, null for an omitted one; at least one unless the node has none at all. */
  readonly outputs: readonly (string | null)[];
  readonly attrs: Attrs;
  /** Outer values that nested graphs read, by the name they have inside. */
  readonly captures: ReadonlyMap<string, Value>;
  /** As the file has it, for what the IR form of attributes cannot hold. */
  readonly proto: OnnxNode;
}

/** What a rule builds with. Every node it adds gets the source node as origin. */
export interface NodeBuilder {
  readonly ops: OpRegistry;
  /** Adds a node that bears the results of the source node in `slots` (default: all, in order); returns the first. */
  emit(op: string, inputs: readonly (Value | null)[], attrs?: Attrs, slots?: readonly number[]): Value;
  /** Adds a node for a result of this rule's own; returns it. */
  inner(op: string, inputs: readonly (Value | null)[], attrs?: Attrs): Value;
  /** As `inner`, with `count` results. */
  inners(op: string, inputs: readonly (Value | null)[], attrs: Attrs, count: number): readonly Value[];
  constant(suffix: string, data: TensorData): Value;
  /** A constant of i64 numbers with one axis. */
  ints(suffix: string, ...values: readonly number[]): Value;
  /** Lets an existing value stand for the result in `slot`. */
  bind(slot: number, value: Value): void;
  /** True when something reads the result in `slot`. */
  isRead(slot: number): boolean;
  /** The error VX-IMPORT-OP-FORM for this node. */
  refuse(why: string, hint?: string): VxError;
}

/** Turns one form of an operator into the form of the pinned opset, or of another domain into an operator of the IR. */
export interface NodeRule {
  readonly op: string;
  /** "" for the default domain. */
  readonly domain: string;
  /** Applies to nodes of a lower version than this; absent = to all. */
  readonly below?: number;
  /** Returns the reason, having built nothing, when this node has no exact equivalent: it is then kept opaque. The reason is a clause without a period. */
  convert(node: SourceNode, build: NodeBuilder): string | undefined;
}
