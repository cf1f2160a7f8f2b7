import { elementCount, isFloat, type Node, type Value } from "@vlm-export/ir";
import { numbersOf } from "@vlm-export/ops";
import { plainData } from "./match.js";

/** Results are finite whatever finite numbers come in, or are computed from numbers that a model keeps finite anyway. */
const BOUNDED: ReadonlySet<string> = new Set([
  "Attention",
  "BatchNormalization",
  "Conv",
  "ConvTranspose",
  "Cos",
  "Erf",
  "Gemm",
  "GroupNormalization",
  "HardSigmoid",
  "InstanceNormalization",
  "LayerNormalization",
  "MatMul",
  "RMSNormalization",
  "Sigmoid",
  "Sin",
  "Softmax",
  "Softsign",
  "Tanh",
]);

/** Results are finite where all operands are. */
const CARRYING: ReadonlySet<string> = new Set([
  "Abs",
  "Add",
  "Cast",
  "CastLike",
  "Clip",
  "Concat",
  "Dropout",
  "Expand",
  "Flatten",
  "Gather",
  "GatherElements",
  "GatherND",
  "Identity",
  "Max",
  "Mean",
  "Min",
  "Mul",
  "Neg",
  "Pad",
  "Relu",
  "Reshape",
  "RotaryEmbedding",
  "Slice",
  "Split",
  "Squeeze",
  "Sub",
  "Sum",
  "Tile",
  "Transpose",
  "Trilu",
  "Unsqueeze",
  "Where",
]);

/** Magnitude from which on sums of constants may leave the element type. */
const LARGEST: ReadonlyMap<string, number> = new Map([["f16", 1e4]]);
const LARGEST_OF_OTHERS = 1e37;

/** Constants of more elements are not read. */
const MOST_ELEMENTS = 1 << 22;

/**
 * Whether no infinity can come to `value`: not from a constant, an input or a function that has poles. Products of activations count as
 * finite, since an infinity in them would be NaN behind the next norm, with or without a mask.
 */
export function staysFinite(value: Value, known: Map<Value, boolean> = new Map()): boolean {
  const found = known.get(value);
  if (found !== undefined) return found;
  const result = !isFloat(value.type.dtype) || (value.data ? hasSmallNumbers(value) : isFiniteResult(value.producer, known));
  known.set(value, result);
  return result;
}

function isFiniteResult(node: Node | undefined, known: Map<Value, boolean>): boolean {
  if (!node) return false;
  if (BOUNDED.has(node.op)) return true;
  if (node.op === "Div") return isNonZero(node.inputs[1]) && node.inputs.every((value) => !value || staysFinite(value, known));
  return CARRYING.has(node.op) && node.inputs.every((value) => !value || staysFinite(value, known));
}

function hasSmallNumbers(value: Value): boolean {
  const largest = LARGEST.get(value.type.dtype) ?? LARGEST_OF_OTHERS;
  return numbersIn(value)?.every((number) => Math.abs(number) < largest) ?? false;
}

/** A divisor far enough from 0 that no quotient leaves the element type. */
function isNonZero(value: Value | null | undefined): boolean {
  return (value && numbersIn(value)?.every((number) => Math.abs(number) > 1e-4)) ?? false;
}

function numbersIn(value: Value): Float64Array | undefined {
  const data = plainData(value);
  return data && elementCount(data.shape) <= MOST_ELEMENTS ? numbersOf(data) : undefined;
}
