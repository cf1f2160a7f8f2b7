import type { TensorData } from "./tensor-data.js";
import type { Dim, TensorType } from "./types.js";

/** Registry key: the bare operator name for the ONNX default domain ("MatMul"), `domain::Name` for all others. */
export type OpName = string;

/** An attribute that only passes through: the encoded ONNX AttributeProto of an op that the registry does not know. */
export interface OpaqueAttr {
  readonly kind: "opaque";
  readonly bytes: Uint8Array;
}
/** A nested graph (body of If, Loop, Scan). Values that it takes from outside are its `captures`; see {@link Node.captures}. */
export interface SubgraphAttr {
  readonly kind: "graph";
  readonly graph: Graph;
}
/** `bigint` only for integers outside the safe range. Ints and floats are told apart by the op's schema. */
export type AttrValue = number | bigint | string | boolean | readonly number[] | readonly string[] | TensorData | OpaqueAttr | SubgraphAttr;
/** Null-prototype object: names come from files. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/** An edge of the graph. Exactly one of: graph input, constant (`data`), output of a node (`producer`), capture of a nested graph. */
export interface Value {
  readonly id: number;
  /** Unique in its graph; graph inputs and outputs keep the model's names. */
  readonly name: string;
  readonly type: TensorType;
  readonly producer?: Node;
  readonly data?: TensorData;
  /** Role path of a weight, such as `vision.block.3.attn.q.weight`. */
  readonly role?: string;
  /** Known elements of a small integer tensor (shape arithmetic), in row-major order. Derived; not part of the text form. */
  readonly elements?: readonly Dim[];
}

export interface Node {
  readonly id: number;
  readonly op: OpName;
  /** Unique in its graph, never empty. */
  readonly name: string;
  readonly inputs: readonly (Value | null)[];
  /** An unused optional output is null. */
  readonly outputs: readonly (Value | null)[];
  readonly attrs: Attrs;
  /** Names of the source nodes that this one stands for, so that reports can point at the input model. */
  readonly origin: readonly string[];
  /** Role path, such as `vision.block.3.attn.q`. */
  readonly role?: string;
  /** Outer values that nested graphs read, by the name they have inside. Empty map when there is no nested graph. */
  readonly captures: ReadonlyMap<string, Value>;
}

/** Nodes are in topological order. Read-only to everyone; changes go through `GraphEditor`. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** All constants, used or not, in order of insertion. */
  readonly constants: readonly Value[];
  /** Only for nested graphs: stand-ins for outer values, named as inside. */
  readonly captures: readonly Value[];
  /** Distinct nodes that read the value (as input or capture), in insertion order. */
  users(value: Value): readonly Node[];
  /** The value of that name. */
  value(name: string): Value | undefined;
}

/** One named component's outputs feed another's inputs. */
export interface Link {
  readonly from: readonly [component: string, output: string];
  readonly to: readonly [component: string, input: string];
}

/** Named component graphs (a plain ONNX file has one, `main`) and what belongs to the whole model. */
export interface Model {
  readonly name: string;
  readonly components: ReadonlyMap<string, Graph>;
  readonly links: readonly Link[];
  /** Free text facts of the source file: producer, domain, opset of the standard operators, description, metadata properties. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Files that the model was read from, with what must not change while the tool runs. */
  readonly sources: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Opset versions that opaque nodes of other domains were written for. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** The only component of a single-graph model. Throws RangeError when there are several: a caller's bug. */
export function onlyComponent(model: Model): Graph {
  const [graph, ...rest] = model.components.values();
  if (!graph || rest.length > 0) throw new RangeError(`model ${model.name} has ${model.components.size} components, expected 1`);
  return graph;
}
