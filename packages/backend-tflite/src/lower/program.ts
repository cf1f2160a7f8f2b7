import {
  operatorVersion,
  type TfliteBytes,
  type TfliteModel,
  type TfliteOperatorCode,
  type TfliteOptions,
  type TfliteQuantization,
  type TfliteTensor,
  type TfliteTensorMap,
  type TfliteType,
} from "@vlm-export/formats/tflite";
import { int32Bytes } from "./constant-bytes.js";

/** A tensor of the program; constants carry their bytes. */
export interface ProgramTensor {
  readonly name: string;
  readonly type: TfliteType;
  /** Extents in stored order. */
  readonly shape: readonly number[];
  readonly quantization?: TfliteQuantization;
  readonly data?: TfliteBytes;
}

interface ProgramOperator {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: TfliteOptions;
}

const noData: TfliteBytes = { byteLength: 0, read: () => new Uint8Array(0) };

/** Collects the tensors and operators of one TFLite subgraph, in execution order. */
export class Program {
  readonly tensors: ProgramTensor[] = [];
  readonly #operators: ProgramOperator[] = [];
  /** Names that are taken, with how often each was asked for again. */
  readonly #names = new Map<string, number>();
  /** Tensors that operators compute of constants alone. */
  readonly #computed = new Set<number>();
  readonly #indexConstants = new Map<string, number>();

  /** Adds a tensor and returns its index; a name that is taken gets a number. */
  tensor(tensor: ProgramTensor): number {
    this.tensors.push({ ...tensor, name: this.#freeName(tensor.name) });
    return this.tensors.length - 1;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let n = this.#names.get(wanted) ?? 0; this.#names.has(name); ) {
      n += 1;
      name = `${wanted}_${n}`;
      this.#names.set(wanted, n);
    }
    this.#names.set(name, 0);
    return name;
  }

  /** An int32 constant such as a shape or a permutation; equal ones are shared. */
  indices(values: readonly number[], shape: readonly number[] = [values.length]): number {
    const key = `${values.join(",")}:${shape.join(",")}`;
    const known = this.#indexConstants.get(key);
    if (known !== undefined) return known;
    const index = this.tensor({ name: `indices_${values.join("_").slice(0, 40)}`, type: "INT32", shape, data: int32Bytes(values) });
    this.#indexConstants.set(key, index);
    return index;
  }

  /** Adds an operator; -1 = an optional operand left out. */
  operator(op: string, inputs: readonly number[], outputs: readonly number[], options?: TfliteOptions): void {
    this.#operators.push({ op, inputs, outputs, ...(options && { options }) });
    if (inputs.every((input) => input < 0 || this.isFixed(input))) for (const output of outputs) this.#computed.add(output);
  }

  /** RESHAPE to the shape of `to`. No operand says "no axes": an empty one counts as computed at run time, and engines do not fill such an output. */
  reshape(from: number, to: number): void {
    const { shape: newShape } = this.tensors[to] as ProgramTensor;
    const inputs = newShape.length > 0 ? [from, this.indices(newShape)] : [from];
    this.operator("RESHAPE", inputs, [to], { kind: "ReshapeOptions", newShape });
  }

  /** Whether a tensor is a constant or computed of constants alone. */
  isFixed(tensor: number): boolean {
    return this.tensors[tensor]?.data !== undefined || this.#computed.has(tensor);
  }

  /** How many operators of each kind there are. */
  operatorCounts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { op } of this.#operators) counts.set(op, (counts.get(op) ?? 0) + 1);
    return counts;
  }

  /** The program as a model with one subgraph and one signature. */
  model(name: string, inputs: readonly TfliteTensorMap[], outputs: readonly TfliteTensorMap[]): TfliteModel {
    const buffers: TfliteBytes[] = [noData];
    const tensors = this.tensors.map((tensor) => tableTensor(tensor, buffers));
    const codes = new Map<string, { readonly index: number; readonly code: TfliteOperatorCode }>();
    const operators = this.#operators.map(({ op, ...rest }) => ({ opcode: this.#codeOf(op, rest, codes), ...rest }));
    return {
      description: "vlm-export",
      operatorCodes: [...codes.values()].map(({ code }) => code),
      subgraphs: [{ name, tensors, inputs: inputs.map(({ tensor }) => tensor), outputs: outputs.map(({ tensor }) => tensor), operators }],
      buffers,
      metadata: [],
      signatures: [{ key: "serving_default", inputs, outputs, subgraph: 0 }],
    };
  }

  #codeOf(
    op: string,
    { inputs, outputs, options }: Omit<ProgramOperator, "op">,
    codes: Map<string, { readonly index: number; readonly code: TfliteOperatorCode }>,
  ): number {
    const operand = (index: number) => this.#versioned(index);
    const version = operatorVersion({
      op,
      inputs: inputs.map((index) => (index < 0 ? undefined : operand(index))),
      outputs: outputs.map(operand),
      ...(options && { options }),
    });
    const key = `${op} ${version}`;
    const entry = codes.get(key) ?? { index: codes.size, code: { op, version } };
    codes.set(key, entry);
    return entry.index;
  }

  #versioned(index: number) {
    const { type, shape, quantization } = this.tensors[index] as ProgramTensor;
    return { type, shape, scales: quantization?.scale ?? [] };
  }
}

function tableTensor({ data, quantization, ...rest }: ProgramTensor, buffers: TfliteBytes[]): TfliteTensor {
  const buffer = data ? buffers.push(data) - 1 : 0;
  return { ...rest, buffer, isVariable: false, hasRank: true, ...(quantization && { quantization }) };
}
