import type { TensorData } from "./tensor-data.js";
import type { Dim, TensorType } from "./types.js";
import type { Attrs, OpName } from "./graph.js";

/** What a shape rule may ask about a node besides its operand types. */
export interface InferContext {
  readonly attrs: Attrs;
  /** Number of outputs that the node has in the graph. */
  readonly outputCount: number;
  /** Data of input `index` when it is a constant (never a quantized one). */
  constant(index: number): TensorData | undefined;
  /** Elements of a small integer input as far as they are known: numbers, or symbols from shapes. */
  elements(index: number): readonly Dim[] | undefined;
  /** A new symbol for an extent that cannot be told. */
  freshDim(): string;
}

export interface OpInput {
  readonly name: string;
  readonly optional?: boolean;
  /** The last input may repeat. */
  readonly variadic?: boolean;
  /** Which part it plays when the node computes on integers. Absent = never quantized (indices, shapes, masks). */
  readonly quantizable?: "weight" | "activation" | "bias";
}

/** One op = one file = one object. `infer` owns all verification of operands and throws VxError VX-OP-*. */
export interface OpDef {
  readonly name: OpName;
  readonly doc: string;
  /** First opset of the op's domain in which this form (inputs against attributes) is valid. */
  readonly since: number;
  readonly inputs: readonly OpInput[];
  /** compute: own qparams; passthrough: output shares the qparams of input 0 (Reshape, MaxPool…); float: never quantized. */
  readonly quant: "compute" | "passthrough" | "float";
  /** Range whose qparams integer kernels take for granted whatever the data ([0, 1] of Softmax, [−1, 1] of Tanh). */
  readonly fixedRange?: readonly [min: number, max: number];
  /**
   * Along which axis of the weight (input `index`) output channels lie and along which the sum runs; what per-channel and
   * per-block mean for this op. Undefined = the op has no such weight.
   */
  weightAxes?(
    index: number,
    inputs: readonly (TensorType | null)[],
    attrs: Attrs,
  ): { readonly channel: number; readonly reduce: number } | undefined;
  /** Types of all outputs. Unknown input types give unknown outputs, never an error. */
  infer(inputs: readonly (TensorType | null)[], context: InferContext): readonly TensorType[];
  /** Known elements of output 0 when it is a small integer tensor (Shape, Gather, Concat… of shapes). */
  elements?(inputs: readonly (TensorType | null)[], context: InferContext): readonly Dim[] | undefined;
  /** Reference semantics on small tensors: used by constant folding and by the conformance kit. */
  evaluate?(inputs: readonly (TensorData | null)[], attrs: Attrs, outputCount: number): readonly TensorData[];
  /** Multiply-accumulates for one call; undefined when an extent is not known. */
  macs?(inputs: readonly (TensorType | null)[], attrs: Attrs): number | undefined;
}

export interface OpRegistry {
  get(name: OpName): OpDef | undefined;
  /** All registered ops, by name. */
  readonly all: ReadonlyMap<OpName, OpDef>;
  /** The shape rule of an op that is not registered and only passes through, its attributes as the importer encodes them. */
  passThrough?(name: OpName): Pick<OpDef, "infer"> | undefined;
}
