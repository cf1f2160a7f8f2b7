import type { Diagnostic, DType, Graph, GraphPlace, Node, Value } from "@vlm-export/ir";
import type { Method } from "@vlm-export/schemas";

/** The line of a recipe or preset that made a decision. */
export interface DecidedBy {
  /** Path of the recipe, or `preset:NAME`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Index in the expanded list of rules (presets first). */
  readonly rule: number;
}

/** How the real range of a static activation comes from its observer. */
export interface RangeMethod {
  readonly name: Method;
  /** Share of values kept, in percent (50, 100]; only for `percentile`. */
  readonly percentile?: number;
  /** Weight of the newest sample in (0, 1]; only for `minmax`; absent = plain minimum and maximum over all samples. */
  readonly movingAverage?: number;
}

/** What one activation shall become. Complete: every default is filled in. */
export interface ActivationRequest {
  readonly storage: DType;
  /** token: one scale per row of the last axis at run time; only with `mode: "dynamic"`. */
  readonly granularity: "tensor" | "token";
  readonly symmetric: boolean;
  readonly mode: "static" | "dynamic";
  /** Inclusive integer range. */
  readonly range: readonly [qmin: number, qmax: number];
  readonly method: RangeMethod;
}

/** What one constant shall become. Complete: every default is filled in, the axes are those of this constant. */
export interface WeightRequest {
  readonly storage: DType;
  readonly granularity: "tensor" | "channel" | "block";
  /** channel: the axis of output channels; block: the axis that is cut into blocks; tensor: absent. Non-negative. */
  readonly axis?: number;
  /** Elements along `axis` that share one scale; divides the extent. Only with granularity block. */
  readonly blockSize?: number;
  readonly symmetric: boolean;
  /** Scales are rounded to this type before the integers are chosen. */
  readonly scaleDtype: "f32" | "f16" | "bf16";
  /** Inclusive integer range; by default narrow for symmetric signed storage (−127..127, −7..7, −1..1). */
  readonly range: readonly [qmin: number, qmax: number];
  /** minmax: the block's own extremes; mse: the clipped range with the least squared error. */
  readonly method: "minmax" | "mse";
  readonly algorithm: "rtn";
}

/** Operand `index` of `node`. For a graph output: `node` is null and `index` the position in `graph.outputs`. */
export interface Edge {
  readonly node: Node | null;
  readonly index: number;
  /** The graph inside an operator that the node stands in; absent for the outermost graph. */
  readonly within?: GraphPlace;
}

/**
 * Values and edges that share one set of qparams. The range comes from `fixedRange` or else from the union of the statistics
 * of `observe`, by `request.method`. Dynamic groups have neither.
 */
export interface QuantGroup {
  /** Index in {@link Plan.groups}. */
  readonly id: number;
  readonly request: ActivationRequest;
  readonly decidedBy: DecidedBy;
  /** Values that are integers from their definition on: their type gets the QuantSpec. */
  readonly values: readonly Value[];
  /** Values that stay float, each with the edges before which one `vlm::Quantize` shared by these edges is put. */
  readonly splits: readonly { readonly value: Value; readonly edges: readonly Edge[] }[];
  /** Constants (of Concat, Where…) that are stored with these qparams; their own extremes count in the range. */
  readonly constants: readonly { readonly value: Value; readonly edges: readonly Edge[] }[];
  /** Values to observe; for a clamp (Relu, Clip) after a compute op only the clamp's output. Empty when dynamic or fixed. */
  readonly observe: readonly Value[];
  /** Real range that is known without data, already such that scale = (max − min) / 2^bits (1/256 for an int8 Softmax). */
  readonly fixedRange?: readonly [min: number, max: number];
}

/** One quantized form of one constant. A constant that is read in several ways has several; float readers keep the original. */
export interface WeightPlan {
  /** It may belong to a graph inside an operator; its integers always belong to the outermost graph. */
  readonly value: Value;
  /** Name of the constant, inside an operator after the operator's name and attribute: `if/then_branch/weight`. */
  readonly name: string;
  /** The operands that read this form. */
  readonly edges: readonly Edge[];
  readonly request: WeightRequest;
  /** Shape of scale (and zeroPoint): the rank of the constant; 1, the extent, or extent / blockSize on each axis. */
  readonly scaleShape: readonly number[];
  readonly decidedBy: DecidedBy;
  readonly elements: number;
  readonly bytesBefore: number;
  /** Integers + scales + zero points. */
  readonly bytesAfter: number;
}

/** An int32 bias: scale = scale of the input · scale of the weight (per channel or per tensor), no zero point. */
export interface BiasPlan {
  readonly value: Value;
  /** Operand that reads the bias: operand 2 of Conv or Gemm, or the constant operand of an Add after MatMul. */
  readonly edge: Edge;
  /** The node that sums the products: Conv, Gemm or MatMul. */
  readonly compute: Node;
  /** Its activation operand: index among `compute.inputs`. */
  readonly inputIndex: number;
  /** Group of that operand; its scale is a factor. */
  readonly group: QuantGroup;
  /** The weight whose scales are the other factor. */
  readonly weight: WeightPlan;
}

/** A node that computes in another float type: its float operands are cast there and its results back. */
export interface KeepPlan {
  readonly node: Node;
  /** `float` = the type of the model, not quantized. */
  readonly dtype: "float" | "f16";
  readonly decidedBy: DecidedBy;
  /** The graph inside an operator that the node stands in. */
  readonly within?: GraphPlace;
}

/**
 * x · W = x[rest] · Q(W[rest]) + x[outliers] · float16(W[outliers]): channels along the summed axis whose absolute maximum is
 * above mean + sigma · standard deviation over the channels.
 */
export interface SplitPlan {
  readonly node: Node;
  readonly sigma: number;
  readonly dtype: "f16";
  /** Whose channels are measured: the input's (static activations, needs data) or the weight's. */
  readonly by: "activations" | "weights";
  /** Activation operand and weight operand among `node.inputs`. */
  readonly inputIndex: number;
  readonly weightIndex: number;
  /** The weight's form for the rest of the channels. */
  readonly weight: WeightPlan;
  readonly decidedBy: DecidedBy;
}

/** Bias correction: b' = b + (W − Ŵ) · E[x]; the node has a quantized weight and its input's mean is observed. */
export interface BiasCorrectionPlan {
  readonly node: Node;
  readonly inputIndex: number;
  readonly weight: WeightPlan;
  readonly decidedBy: DecidedBy;
}

/**
 * A norm whose channel k is divided by a factor and row k of the weights that read it multiplied by it, which leaves the real
 * function as it is: only products with `weights` read its output, in one static 8-bit group.
 */
export interface EqualizationPlan {
  /** LayerNormalization or RMSNormalization over the last axis. */
  readonly node: Node;
  readonly output: Value;
  /** Gain, and bias when there is one. */
  readonly parameters: readonly { readonly index: number; readonly value: Value }[];
  /** `reduce` is the summed axis of the weight. */
  readonly weights: readonly { readonly weight: WeightPlan; readonly reduce: number }[];
  readonly group: QuantGroup;
  readonly decidedBy: DecidedBy;
}

/** What was decided for one node, for people and reports; everything to execute is in the other lists of {@link Plan}. */
export interface NodePlan {
  readonly node: Node;
  /** Per operand, aligned with `node.inputs`; undefined = untouched (float, indices, shapes). */
  readonly inputs: readonly OperandPlan[];
  /** Per output, aligned with `node.outputs`. */
  readonly outputs: readonly (QuantGroup | undefined)[];
  readonly keep?: KeepPlan;
}

/** The decision on one operand. */
export type OperandPlan =
  | { readonly kind: "activation"; readonly group: QuantGroup }
  | { readonly kind: "weight"; readonly weight: WeightPlan }
  | { readonly kind: "bias"; readonly bias: BiasPlan }
  | undefined;

/** Why a value stays as it is whatever the rules say. */
export type KeptReason = "already quantized" | "mask" | "position";

/** A value that the rules would make integers, or that the source model has in integers behind QuantizeLinear and DequantizeLinear. */
export interface KeptValue {
  readonly value: Value;
  readonly reason: KeptReason;
}

/** Those inside operators with graphs of their own are included. */
export interface PlanSummary {
  readonly nodes: number;
  /** Nodes with at least one quantized operand. */
  readonly quantizedNodes: number;
  /** Elements of all float constants. */
  readonly parameters: number;
  readonly quantizedParameters: number;
  /** Bytes of all constants as they are, and as planned. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Static activation groups whose range needs data. */
  readonly calibratedGroups: number;
}

/** Every decision on one component graph, made on types alone: no weight was read, only constants that may be masks. */
export interface Plan {
  readonly graph: Graph;
  /** Those inside operators included; of these only weights become integers. */
  readonly nodes: ReadonlyMap<Node, NodePlan>;
  readonly groups: readonly QuantGroup[];
  readonly weights: readonly WeightPlan[];
  readonly biases: readonly BiasPlan[];
  readonly keeps: readonly KeepPlan[];
  readonly splits: readonly SplitPlan[];
  readonly biasCorrections: readonly BiasCorrectionPlan[];
  readonly equalizations: readonly EqualizationPlan[];
  readonly keptValues: readonly KeptValue[];
  /** True when some range, mean or channel maximum must come from samples. */
  readonly needsData: boolean;
  readonly summary: PlanSummary;
  /** Warnings and notes; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}
