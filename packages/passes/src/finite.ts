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
 * finite, since an infinity in them would be NaN behind the next norm, with or without a mask. What is found out is kept in `known`.
 */
export function staysFinite(value: Value, known: Map<Value, boolean>): boolean {
  const path = [value];
  for (let last = path.at(-1); last; last = path.at(-1)) {
    const found = known.get(last) ?? answerFor(last, known);
    if (typeof found !== "boolean") path.push(found);
    else known.set(path.pop() as Value, found);
  }
  return known.get(value) === true;
}

/** Whether a value stays finite, or the operand for which this is to be found out before. */
function answerFor(value: Value, known: ReadonlyMap<Value, boolean>): boolean | Value {
  const { producer } = value;
  if (!isFloat(value.type.dtype)) return true;
  if (value.data) return hasSmallNumbers(value);
  if (!producer) return false;
  if (BOUNDED.has(producer.op)) return true;
  if (!carries(producer)) return false;
  const doubtful = producer.inputs.find((operand) => operand && known.get(operand) !== true);
  return doubtful ? (known.get(doubtful) ?? doubtful) : true;
}

/** Whether a node's results are finite where all its operands are: not those of a Cast to half precision, which has smaller numbers. */
function carries({ op, inputs, outputs }: Node): boolean {
  if (outputs[0]?.type.dtype === "f16" && inputs.some((value) => WIDER.has(value?.type.dtype ?? "unknown"))) return false;
  return CARRYING.has(op) || (op === "Div" && isNonZero(inputs[1]));
}

/** Float types with numbers that half precision does not have. */
const WIDER: ReadonlySet<string> = new Set(["f32", "f64", "bf16"]);

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
