import type { TfliteType } from "./model.js";

/** Spatial padding: SAME as TensorFlow defines it (odd extra pixel at the end), or VALID. */
export type TflitePadding = "SAME" | "VALID";

/** Activation applied to an operator's result before it is rounded to the output type. */
export type TfliteActivation = "NONE" | "RELU" | "RELU_N1_TO_1" | "RELU6" | "TANH" | "SIGN_BIT";

interface Fused {
  readonly fusedActivationFunction: TfliteActivation;
}

interface Strides {
  readonly padding: TflitePadding;
  readonly strideW: number;
  readonly strideH: number;
}

interface Dilations {
  readonly dilationWFactor: number;
  readonly dilationHFactor: number;
}

interface PotScale {
  readonly potScaleInt16: boolean;
}

/** Fields of every option table that this codec reads and writes, by schema name in camel case. */
export interface TfliteOptionFields {
  readonly AbsOptions: object;
  readonly AddOptions: Fused & PotScale;
  readonly ArgMaxOptions: { readonly outputType: TfliteType };
  readonly ArgMinOptions: { readonly outputType: TfliteType };
  readonly BatchMatMulOptions: { readonly adjX: boolean; readonly adjY: boolean; readonly asymmetricQuantizeInputs: boolean };
  readonly BroadcastToOptions: object;
  readonly CastOptions: { readonly inDataType: TfliteType; readonly outDataType: TfliteType };
  readonly ConcatenationOptions: Fused & { readonly axis: number };
  readonly Conv2DOptions: Fused & Strides & Dilations & { readonly quantizedBiasType: TfliteType };
  readonly CosOptions: object;
  readonly CumsumOptions: { readonly exclusive: boolean; readonly reverse: boolean };
  readonly DepthToSpaceOptions: { readonly blockSize: number };
  readonly DepthwiseConv2DOptions: Fused & Strides & Dilations & { readonly depthMultiplier: number };
  readonly DequantizeOptions: object;
  readonly DivOptions: Fused;
  readonly DynamicUpdateSliceOptions: object;
  readonly EqualOptions: object;
  readonly ExpOptions: object;
  readonly ExpandDimsOptions: object;
  readonly FillOptions: object;
  readonly FullyConnectedOptions: Fused & {
    readonly weightsFormat: "DEFAULT" | "SHUFFLED4x16INT8";
    readonly keepNumDims: boolean;
    readonly asymmetricQuantizeInputs: boolean;
    readonly quantizedBiasType: TfliteType;
  };
  readonly GatherNdOptions: object;
  readonly GatherOptions: { readonly axis: number; readonly batchDims: number };
  readonly GeluOptions: { readonly approximate: boolean };
  readonly GreaterEqualOptions: object;
  readonly GreaterOptions: object;
  readonly HardSwishOptions: object;
  readonly L2NormOptions: Fused;
  readonly LeakyReluOptions: { readonly alpha: number };
  readonly LessEqualOptions: object;
  readonly LessOptions: object;
  readonly LogSoftmaxOptions: object;
  readonly LogicalAndOptions: object;
  readonly LogicalNotOptions: object;
  readonly LogicalOrOptions: object;
  readonly MaximumMinimumOptions: object;
  readonly MirrorPadOptions: { readonly mode: "REFLECT" | "SYMMETRIC" };
  readonly MulOptions: Fused;
  readonly NegOptions: object;
  readonly NotEqualOptions: object;
  readonly OneHotOptions: { readonly axis: number };
  readonly PackOptions: { readonly valuesCount: number; readonly axis: number };
  readonly PadOptions: object;
  readonly PadV2Options: object;
  readonly Pool2DOptions: Fused & Strides & { readonly filterWidth: number; readonly filterHeight: number };
  readonly PowOptions: object;
  readonly QuantizeOptions: object;
  readonly RangeOptions: object;
  readonly ReducerOptions: { readonly keepDims: boolean };
  readonly ReshapeOptions: { readonly newShape: readonly number[] };
  readonly ResizeBilinearOptions: { readonly alignCorners: boolean; readonly halfPixelCenters: boolean };
  readonly ResizeNearestNeighborOptions: { readonly alignCorners: boolean; readonly halfPixelCenters: boolean };
  readonly ReverseV2Options: object;
  readonly SelectOptions: object;
  readonly SelectV2Options: object;
  readonly ShapeOptions: { readonly outType: TfliteType };
  readonly SliceOptions: object;
  readonly SoftmaxOptions: { readonly beta: number };
  readonly SpaceToDepthOptions: { readonly blockSize: number };
  readonly SplitOptions: { readonly numSplits: number };
  readonly SplitVOptions: { readonly numSplits: number };
  readonly SquareOptions: object;
  readonly SquaredDifferenceOptions: object;
  readonly SqueezeOptions: { readonly squeezeDims: readonly number[] };
  readonly StridedSliceOptions: {
    readonly beginMask: number;
    readonly endMask: number;
    readonly ellipsisMask: number;
    readonly newAxisMask: number;
    readonly shrinkAxisMask: number;
    readonly offset: boolean;
  };
  readonly SubOptions: Fused & PotScale;
  readonly TileOptions: object;
  readonly TopKV2Options: object;
  readonly TransposeConvOptions: Fused & Strides & { readonly quantizedBiasType: TfliteType };
  readonly TransposeOptions: object;
  readonly UnpackOptions: { readonly num: number; readonly axis: number };
  readonly WhereOptions: object;
  readonly ZerosLikeOptions: object;
}

/** Name of an option table. */
export type TfliteOptionKind = keyof TfliteOptionFields;

/** An option table outside {@link TfliteOptionFields}: read and checked as a table, its fields not interpreted; cannot be written. */
export interface TfliteOpaqueOptions {
  readonly kind: "Opaque";
  /** The union that holds it: 1 = builtin_options, 2 = builtin_options_2. */
  readonly union: 1 | 2;
  /** Its number in that union. */
  readonly code: number;
}

/** An operator's option table: `kind` and its fields. */
export type TfliteOptions =
  | { [K in TfliteOptionKind]: { readonly kind: K } & TfliteOptionFields[K] }[TfliteOptionKind]
  | TfliteOpaqueOptions;
