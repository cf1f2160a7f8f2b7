import type { TfliteType } from "../model.js";
import type { TfliteOptions } from "../options.js";

/** An operand as far as operator versions depend on it. */
export interface VersionedOperand {
  readonly type: TfliteType;
  readonly shape: readonly number[];
  /** Scales of its quantization; none = not quantized. */
  readonly scales: readonly number[];
}

/** An operator as far as its version depends on it; `undefined` = an optional operand left out. */
export interface VersionedOperator {
  readonly op: string;
  readonly inputs: readonly (VersionedOperand | undefined)[];
  readonly outputs: readonly VersionedOperand[];
  readonly options?: TfliteOptions;
}

/** All given conditions must hold. `input0`, `input1`, `output0`: the element type is one of these. */
interface VersionRule {
  readonly version: number;
  readonly input0?: readonly TfliteType[];
  readonly input1?: readonly TfliteType[];
  readonly output0?: readonly TfliteType[];
  /** Operand 1 has one scale per channel. */
  readonly perChannel1?: true;
  /** Operand 0 has one scale per channel. */
  readonly perChannel0?: true;
  /** Operand 0 has more dimensions than this. */
  readonly rankOver?: number;
  /** Operands 0 and 1 differ in shape and one has more dimensions than this. */
  readonly broadcastRankOver?: number;
  /** The operator has exactly this many operands. */
  readonly operands?: number;
  /** scale of operand 0 times scale of operand 1 over the output's is at least 1. */
  readonly rescaleOver1?: true;
  /** Option field that must be set (true, or not its zero value). */
  readonly option?: string;
  /** Option field that must not be set. */
  readonly optionOff?: string;
}

const int8: readonly TfliteType[] = ["INT8"];
const int16: readonly TfliteType[] = ["INT16"];
const float32: readonly TfliteType[] = ["FLOAT32"];
const byRank = (rank: number, version: number): VersionRule => ({ version, rankOver: rank });
const int16Then8: readonly VersionRule[] = [
  { version: 3, input0: int16 },
  { version: 2, input0: int8 },
];
const justInt8: readonly VersionRule[] = [{ version: 2, input0: int8 }];
const int8Or16: readonly VersionRule[] = [{ version: 2, input0: ["INT8", "INT16"] }];
const binary: readonly VersionRule[] = [{ version: 4, input0: int16, output0: int16 }, { version: 3, broadcastRankOver: 4 }, ...justInt8];
const pad: readonly VersionRule[] = [{ version: 5, input0: ["BOOL"] }, byRank(4, 4), ...int16Then8];

/**
 * The lowest version that has what the operator uses, first match wins, else 1
 * (LiteRT converter/tools/versioning/op_version.cc, 2026-08). Runtimes refuse versions above theirs.
 */
const versionRules: ReadonlyMap<string, readonly VersionRule[]> = new Map<string, readonly VersionRule[]>([
  [
    "ADD",
    [
      { version: 6, input0: ["FLOAT16"] },
      { version: 4, input0: ["INT64"] },
      { version: 3, input0: int16, output0: int16, optionOff: "potScaleInt16" },
      ...justInt8,
    ],
  ],
  ["ARG_MAX", [{ version: 3, input0: ["BOOL"] }, ...justInt8]],
  ["ARG_MIN", [{ version: 3, input0: ["BOOL"] }, ...justInt8]],
  ["AVERAGE_POOL_2D", int16Then8],
  [
    "BATCH_MATMUL",
    [
      { version: 3, input0: int16 },
      { version: 2, input0: int8 },
      { version: 4, input0: float32, input1: int8, output0: float32, option: "asymmetricQuantizeInputs" },
    ],
  ],
  ["BROADCAST_TO", [{ version: 3, input0: ["INT8", "INT16"] }, { version: 2 }]],
  [
    "CAST",
    [
      { version: 8, input0: ["INT2", "UINT4"] },
      { version: 8, output0: ["INT2", "UINT4"] },
      { version: 7, input0: ["BFLOAT16"] },
      { version: 7, output0: ["BFLOAT16"] },
      { version: 6, input0: ["INT4"], output0: float32 },
      { version: 5, input0: ["FLOAT64", "FLOAT16"] },
      { version: 5, output0: ["FLOAT64", "FLOAT16"] },
      { version: 4, input0: ["UINT16"] },
      { version: 4, output0: ["UINT16"] },
      { version: 3, input0: int8 },
      { version: 3, output0: int8 },
      { version: 2, input0: ["UINT32"] },
      { version: 2, output0: ["UINT32"] },
    ],
  ],
  [
    "CONCATENATION",
    [{ version: 6, input0: ["FLOAT16"] }, { version: 5, input0: ["INT4"] }, { version: 4, input0: ["UINT32"] }, ...int16Then8],
  ],
  [
    "CONV_2D",
    [
      { version: 8, input0: int16, input1: int8, output0: int16, option: "quantizedBiasType" },
      { version: 4, input0: int16, input1: int16, output0: int16 },
      { version: 3, input0: int8, input1: int8, output0: int8 },
      { version: 7, input0: int8, input1: ["INT4"], output0: int8 },
      { version: 5, input0: float32, input1: int8, output0: float32, perChannel1: true },
      { version: 2, input0: float32, input1: int8, output0: float32 },
    ],
  ],
  ["DEPTH_TO_SPACE", justInt8],
  [
    "DEPTHWISE_CONV_2D",
    [
      { version: 5, input0: int16, input1: int16 },
      { version: 6, input0: float32, input1: int8, output0: float32, perChannel1: true },
      { version: 4, input0: float32, input1: int8, output0: float32 },
      { version: 3, input0: int8, input1: int8, output0: int8 },
      { version: 7, input0: int8, input1: ["INT4"], output0: int8 },
      { version: 2, option: "dilated" },
    ],
  ],
  [
    "DEQUANTIZE",
    [
      { version: 8, input0: ["UINT4"] },
      { version: 7, input0: ["INT2"] },
      { version: 6, input0: ["INT4"] },
      { version: 3, input0: ["INT16", "FLOAT16"] },
      { version: 5, input0: int8, perChannel0: true },
      ...justInt8,
    ],
  ],
  ["DIV", [{ version: 2, broadcastRankOver: 4 }]],
  [
    "EMBEDDING_LOOKUP",
    [
      { version: 4, input1: ["INT4"] },
      { version: 4, perChannel1: true },
      { version: 5, input1: ["INT2"] },
    ],
  ],
  ["EXP", int8Or16],
  [
    "FULLY_CONNECTED",
    [
      { version: 14, input1: ["INT2"] },
      { version: 13, input0: int16, input1: ["INT4"], output0: int16 },
      { version: 12, input0: float32, input1: int8, output0: float32, perChannel1: true },
      { version: 11, input0: int16, input1: int8, output0: int16, option: "quantizedBiasType" },
      { version: 7, input0: int16, input1: int16, output0: int16 },
      { version: 6, operands: 2 },
      { version: 5, option: "keepNumDims" },
      { version: 4, input0: int8, input1: int8, output0: int8 },
      { version: 10, input0: int8, input1: ["INT4"], output0: int8 },
      { version: 9, input0: float32, input1: int8, output0: float32, option: "asymmetricQuantizeInputs" },
      { version: 3, input0: float32, input1: int8, output0: float32 },
    ],
  ],
  [
    "GATHER",
    [
      { version: 7, input0: ["INT4"] },
      { version: 6, input1: int16 },
      { version: 5, option: "batchDims" },
      { version: 4, input0: int16 },
      { version: 3, input0: ["BOOL"] },
      ...justInt8,
    ],
  ],
  [
    "GATHER_ND",
    [
      { version: 5, input0: ["BOOL"] },
      { version: 4, input1: int16 },
      { version: 3, input0: int16 },
    ],
  ],
  ["GELU", [{ version: 2, input0: ["INT8", "UINT8"] }]],
  ["LEAKY_RELU", [{ version: 2, input0: int16 }]],
  ["LOG", int8Or16],
  ["LOGISTIC", int16Then8],
  ["MAX_POOL_2D", int16Then8],
  ["MAXIMUM", binary],
  ["MEAN", int16Then8],
  ["MINIMUM", binary],
  ["MIRROR_PAD", int16Then8],
  [
    "MUL",
    [
      { version: 8, input0: ["FLOAT16"] },
      { version: 7, input0: ["UINT32"] },
      { version: 6, input0: ["COMPLEX64"] },
      { version: 5, input0: ["INT64"] },
      { version: 4, input0: int16 },
      { version: 3, rescaleOver1: true },
      ...justInt8,
    ],
  ],
  [
    "PACK",
    [
      { version: 2, input0: int8 },
      { version: 3, input0: int16 },
      { version: 4, input0: ["UINT32"] },
    ],
  ],
  ["PAD", pad],
  ["PADV2", pad],
  [
    "QUANTIZE",
    [
      { version: 5, output0: ["UINT4"] },
      { version: 4, output0: ["INT4"] },
      { version: 2, output0: int16 },
    ],
  ],
  ["REDUCE_MAX", int16Then8],
  ["REDUCE_MIN", int16Then8],
  [
    "RELU",
    [
      { version: 3, input0: int16 },
      { version: 2, input0: ["INT8", "UINT8"] },
    ],
  ],
  ["RELU6", int16Then8],
  ["RESIZE_BILINEAR", [{ version: 4, input0: int16 }, { version: 3, option: "halfPixelCenters" }, ...justInt8]],
  [
    "RESIZE_NEAREST_NEIGHBOR",
    [{ version: 4, input0: int16 }, { version: 3, option: "halfPixelCenters" }, { version: 3, option: "alignCorners" }, ...justInt8],
  ],
  ["RSQRT", int16Then8],
  [
    "SLICE",
    [
      { version: 8, input0: ["FLOAT16"] },
      { version: 7, input0: ["INT4"] },
      { version: 6, input0: ["UINT32"] },
      byRank(4, 5),
      { version: 4, input0: int16 },
      ...justInt8,
    ],
  ],
  ["SOFTMAX", [{ version: 4, input0: ["FLOAT16"] }, ...int16Then8]],
  ["SPACE_TO_DEPTH", justInt8],
  [
    "SPLIT",
    [
      { version: 4, input1: int16 },
      { version: 3, input1: ["INT32"] },
      { version: 2, input1: int8 },
    ],
  ],
  ["SPLIT_V", justInt8],
  ["SQRT", int8Or16],
  ["SQUARED_DIFFERENCE", justInt8],
  [
    "STRIDED_SLICE",
    [
      { version: 8, option: "offset" },
      { version: 7, input0: ["UINT32"] },
      { version: 6, option: "ellipsisMask" },
      { version: 6, option: "newAxisMask" },
      byRank(4, 4),
      { version: 3, input0: ["BOOL"] },
      ...justInt8,
    ],
  ],
  [
    "SUB",
    [
      { version: 5, input0: int16, output0: int16, optionOff: "potScaleInt16" },
      { version: 4, input0: ["INT64"] },
      { version: 3, broadcastRankOver: 4 },
      ...justInt8,
    ],
  ],
  ["SUM", justInt8],
  ["TANH", int16Then8],
  ["TILE", [{ version: 3, input0: int8 }]],
  [
    "TRANSPOSE",
    [
      byRank(6, 8),
      { version: 7, input0: ["INT4"] },
      byRank(5, 6),
      { version: 5, input0: int16 },
      byRank(4, 4),
      { version: 3, input0: ["BOOL"] },
      ...justInt8,
    ],
  ],
  [
    "TRANSPOSE_CONV",
    [
      { version: 3, operands: 4 },
      { version: 2, input1: int8 },
    ],
  ],
  [
    "UNPACK",
    [
      { version: 2, input0: ["INT8", "UINT8"] },
      { version: 3, input0: ["BOOL"] },
      { version: 4, input0: int16 },
      { version: 5, input0: ["FLOAT16", "BFLOAT16"] },
    ],
  ],
]);

/** The operator version to write: the lowest that has the types, ranks and options in use. */
export function operatorVersion(operator: VersionedOperator): number {
  return versionRules.get(operator.op)?.find((rule) => holds(rule, operator))?.version ?? 1;
}

function holds(rule: VersionRule, operator: VersionedOperator): boolean {
  return typesHold(rule, operator) && scalesHold(rule, operator) && shapesHold(rule, operator) && optionsHold(rule, operator);
}

function typesHold(rule: VersionRule, { inputs, outputs }: VersionedOperator): boolean {
  return isOneOf(inputs[0], rule.input0) && isOneOf(inputs[1], rule.input1) && isOneOf(outputs[0], rule.output0);
}

function isOneOf(operand: VersionedOperand | undefined, types: readonly TfliteType[] | undefined): boolean {
  return !types || (operand !== undefined && types.includes(operand.type));
}

function scalesHold(rule: VersionRule, { inputs, outputs }: VersionedOperator): boolean {
  const [a = [], b = [], y = []] = [inputs[0], inputs[1], outputs[0]].map((operand) => operand?.scales);
  const [scaleA = 0, scaleB = 0, scaleY = Infinity] = [a[0], b[0], y[0]];
  return (
    (!rule.perChannel0 || a.length > 1) && (!rule.perChannel1 || b.length > 1) && (!rule.rescaleOver1 || (scaleA * scaleB) / scaleY >= 1)
  );
}

function shapesHold(rule: VersionRule, { inputs }: VersionedOperator): boolean {
  const a = inputs[0]?.shape ?? [];
  const b = inputs[1]?.shape ?? [];
  const broadcastRank = String(a) === String(b) ? 0 : Math.max(a.length, b.length);
  return (
    (rule.operands === undefined || inputs.length === rule.operands) &&
    a.length > (rule.rankOver ?? -1) &&
    broadcastRank > (rule.broadcastRankOver ?? -1)
  );
}

function optionsHold(rule: VersionRule, { options }: VersionedOperator): boolean {
  const values = new Map<string, unknown>(Object.entries(options ?? {}));
  return (rule.option === undefined || isSet(rule.option, values)) && (rule.optionOff === undefined || !isSet(rule.optionOff, values));
}

/** `dilated` stands for a dilation over 1 on either axis. */
function isSet(option: string, values: ReadonlyMap<string, unknown>): boolean {
  if (option === "dilated") return values.get("dilationWFactor") !== 1 || values.get("dilationHFactor") !== 1;
  const value = values.get(option);
  return value !== undefined && value !== false && value !== 0 && value !== "FLOAT32";
}
