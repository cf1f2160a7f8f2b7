import { elementCount } from "@vlm-export/ir";
import type { TfliteBytes, TfliteModel, TfliteOperator, TfliteTensor } from "@vlm-export/formats/tflite";

/** What is wrong with a tensor that stands for no value of the graph itself. */
export interface DerivedProblem {
  readonly tensor: string;
  readonly problem: string;
}

/** Operators whose kernels move or choose among integers as they are, whatever qparams both sides state, and the operands of which that is so. */
const MOVERS: ReadonlyMap<string, readonly number[] | "all"> = new Map<string, readonly number[] | "all">([
  ...[
    "AVERAGE_POOL_2D",
    "BROADCAST_TO",
    "DEPTH_TO_SPACE",
    "GATHER",
    "GATHER_ND",
    "MAX_POOL_2D",
    "PAD",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR",
    "SLICE",
    "STRIDED_SLICE",
    "TILE",
    "TRANSPOSE",
  ].map((op) => [op, [0]] as const),
  ["CONCATENATION", "all"],
  ["PADV2", [0, 2]],
]);

/** Which tensors of the file stand for values of the graph. */
export interface Traced {
  readonly located: ReadonlySet<number>;
  /** Whether every constant of the graph is among them: a manifest lists the quantized ones only. */
  readonly areAllLocated: boolean;
}

/**
 * What lowering adds to the located tensors must mean the same: copies have the qparams of their source, an int32 bias that is made real is
 * multiplied by its own scales, a bias of its own is 0, and no other constant but single numbers and whole ones is there. Undefined when all of it does.
 */
export function derivedProblem(model: TfliteModel, { located, areAllLocated }: Traced): DerivedProblem | undefined {
  const file = new File(model);
  for (const operator of file.operators) {
    const problem = moved(file, operator) ?? madeReal(file, operator);
    if (problem) return problem;
  }
  return ownBias(file, located) ?? (areAllLocated ? untraced(file, located) : undefined);
}

/** The first subgraph, by index. */
class File {
  readonly operators: readonly TfliteOperator[];
  readonly tensors: readonly TfliteTensor[];
  /** Operators that multiply an int32 bias that is made real, by its index. */
  readonly scalings: ReadonlyMap<number, readonly TfliteOperator[]>;
  private readonly model: TfliteModel;

  constructor(model: TfliteModel) {
    this.model = model;
    this.operators = model.subgraphs[0]?.operators ?? [];
    this.tensors = model.subgraphs[0]?.tensors ?? [];
    this.scalings = scalingsOf(this);
  }

  nameOf({ opcode }: TfliteOperator): string {
    return this.model.operatorCodes[opcode]?.op ?? "";
  }

  /** First operand and result. */
  endsOf({ inputs, outputs }: TfliteOperator): readonly [TfliteTensor | undefined, TfliteTensor | undefined] {
    return [this.tensors[inputs[0] ?? -1], this.tensors[outputs[0] ?? -1]];
  }

  dataOf({ buffer }: TfliteTensor): TfliteBytes | undefined {
    const data = this.model.buffers[buffer];
    return data && data.byteLength > 0 ? data : undefined;
  }
}

function moved(file: File, operator: TfliteOperator): DerivedProblem | undefined {
  const operands = MOVERS.get(file.nameOf(operator));
  const [, to] = file.endsOf(operator);
  if (!to || !operands) return undefined;
  const sources = (operands === "all" ? operator.inputs : operands.map((at) => operator.inputs[at] ?? -1)).flatMap(
    (at) => file.tensors[at] ?? [],
  );
  const other = sources.find((from) => !haveSameQparams(from, to));
  return other && { tensor: to.name, problem: `${to.name} is ${other.name} moved, with other scales or zero points` };
}

function madeReal(file: File, operator: TfliteOperator): DerivedProblem | undefined {
  const [from] = file.endsOf(operator);
  const scales = isBiasCast(file, operator) ? from?.quantization?.scale : undefined;
  if (!from || !scales) return undefined;
  const factors = (file.scalings.get(operator.outputs[0] ?? -1) ?? []).flatMap(({ inputs }) =>
    inputs.flatMap((input) => file.tensors[input] ?? []),
  );
  const other = factors.find((factor) => {
    const data = file.dataOf(factor);
    return data !== undefined && !areFloats(data, scales);
  });
  return other && { tensor: other.name, problem: `${other.name} is not the scales of ${from.name}, which it multiplies` };
}

function ownBias(file: File, located: ReadonlySet<number>): DerivedProblem | undefined {
  const other = file.tensors.find((tensor, i) => {
    const isBias = tensor.type === "INT32" && (tensor.quantization?.scale.length ?? 0) > 0 && !located.has(i);
    return (
      isBias &&
      file
        .dataOf(tensor)
        ?.read()
        .some((byte) => byte !== 0)
    );
  });
  return other && { tensor: other.name, problem: `${other.name} stands for no value of the graph and is not 0` };
}

/** Numbers of operators and zeros aside, a real or quantized constant is one of the graph; whole numbers may be shapes, axes and positions. */
function untraced(file: File, located: ReadonlySet<number>): DerivedProblem | undefined {
  const factors = new Set([...file.scalings.values()].flat().flatMap(({ inputs }) => inputs)); // which madeReal has compared
  const other = file.tensors.find((tensor, i) => {
    const isWhole = (tensor.type === "INT32" && !tensor.quantization?.scale.length) || tensor.type === "BOOL";
    const data = isWhole || located.has(i) || factors.has(i) ? undefined : file.dataOf(tensor);
    return data !== undefined && elementCount(tensor.shape) !== 1 && data.read().some((byte) => byte !== 0);
  });
  return other && { tensor: other.name, problem: `${other.name} is a constant that stands for no value of the graph` };
}

function scalingsOf(file: File): ReadonlyMap<number, readonly TfliteOperator[]> {
  const casts = file.operators.filter((operator) => isBiasCast(file, operator));
  const scalings = new Map(casts.map(({ outputs }) => [outputs[0] ?? -1, [] as TfliteOperator[]]));
  for (const operator of file.operators)
    if (file.nameOf(operator) === "MUL") for (const input of new Set(operator.inputs)) scalings.get(input)?.push(operator);
  return scalings;
}

function isBiasCast(file: File, operator: TfliteOperator): boolean {
  const [from] = file.endsOf(operator);
  return file.nameOf(operator) === "CAST" && from?.type === "INT32" && (from.quantization?.scale.length ?? 0) > 0;
}

/** Of tensors with one scale each; more than one do not stay along an axis that is moved. */
function haveSameQparams(a: TfliteTensor, b: TfliteTensor): boolean {
  const [before, after] = [qparamsOf(a), qparamsOf(b)];
  return before.length === after.length && (before.length > 2 || before.every((number, i) => number === after[i]));
}

/** Scales and zero points, those that are not stated being 0. */
function qparamsOf({ quantization }: TfliteTensor): readonly number[] {
  const { scale = [], zeroPoint = [] } = quantization ?? {};
  return [...scale, ...scale.map((_, i) => zeroPoint[i] ?? 0)];
}

function areFloats(data: TfliteBytes, expected: readonly number[]): boolean {
  const bytes = data.read();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.byteLength === expected.length * 4 && expected.every((number, i) => view.getFloat32(i * 4, true) === number);
}
