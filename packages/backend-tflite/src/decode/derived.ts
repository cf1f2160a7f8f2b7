import type { TfliteBytes, TfliteModel, TfliteOperator, TfliteTensor } from "@vlm-export/formats/tflite";

/** What is wrong with a tensor that stands for no value of the graph itself. */
export interface DerivedProblem {
  readonly tensor: string;
  readonly problem: string;
}

/** Operators whose kernels move integers as they are, whatever qparams both sides state. */
const MOVERS: ReadonlySet<string> = new Set(["TRANSPOSE", "RESHAPE"]);

/**
 * What lowering adds to the located tensors must mean the same: copies in another layout have the qparams of their source, an int32 bias
 * that is made real is multiplied by its own scales, and a bias of its own is 0. Undefined when all of it does.
 */
export function derivedProblem(model: TfliteModel, located: ReadonlySet<number>): DerivedProblem | undefined {
  const file = new File(model);
  for (const operator of file.operators) {
    const problem = moved(file, operator) ?? madeReal(file, operator);
    if (problem) return problem;
  }
  return ownBias(file, located);
}

/** The first subgraph, by index. */
class File {
  readonly operators: readonly TfliteOperator[];
  readonly tensors: readonly TfliteTensor[];
  private readonly model: TfliteModel;

  constructor(model: TfliteModel) {
    this.model = model;
    this.operators = model.subgraphs[0]?.operators ?? [];
    this.tensors = model.subgraphs[0]?.tensors ?? [];
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
  const [from, to] = file.endsOf(operator);
  if (!from || !to || !MOVERS.has(file.nameOf(operator)) || haveSameQparams(from, to)) return undefined;
  return { tensor: to.name, problem: `${to.name} is ${from.name} moved, with other scales or zero points` };
}

function madeReal(file: File, operator: TfliteOperator): DerivedProblem | undefined {
  const [from] = file.endsOf(operator);
  const scales = file.nameOf(operator) === "CAST" && from?.type === "INT32" ? from.quantization?.scale : undefined;
  if (!from || !scales?.length) return undefined;
  const readers = file.operators.filter((reader) => file.nameOf(reader) === "MUL" && reader.inputs.includes(operator.outputs[0] ?? -1));
  const factors = readers.flatMap(({ inputs }) => inputs.flatMap((input) => file.tensors[input] ?? []));
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
