import { type Attrs, type DType, type Graph, GraphEditor, i64Tensor, type TensorData, type Value } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { boolTensor, standardOps, tensorOf } from "@vlm-export/ops";

/** The registry that all tests use. */
export const ops: ReturnType<typeof standardOps> = standardOps();

/** What an operand of {@link Builder.op} may be: a number becomes a scalar constant of the builder's element type. */
export type Operand = Value | number | null;

/** Writes small graphs; all random numbers are seeded. */
export interface Builder {
  readonly edit: GraphEditor;
  readonly graph: Graph;
  input(name: string, shape: readonly (number | string)[], type?: DType): Value;
  /** A constant with the given elements. */
  constant(values: ArrayLike<number>, shape: readonly number[], type?: DType): Value;
  /** A constant with random elements in [−1, 1). */
  random(...shape: readonly number[]): Value;
  ints(...values: readonly number[]): Value;
  /** Inserts a node and gives its first output. */
  op(name: string, operands: readonly Operand[], attrs?: Attrs, outputs?: number): Value;
  /** Like {@link op}, all outputs. */
  ops(name: string, operands: readonly Operand[], attrs: Attrs, outputs: number): readonly Value[];
  /** x · W + b with random weights, as MatMul and Add. */
  linear(x: Value, inputs: number, outputs: number): Value;
  /** Makes the values the outputs `y`, `y1`, …. */
  finish(...outputs: readonly Value[]): Graph;
}

/** A builder whose constants and inputs have `dtype`. */
export function builder(dtype: DType = "f32", name = "g"): Builder {
  const edit = new GraphEditor(ops, name);
  const next = randomNumbers(1);
  const constant: Builder["constant"] = (values, shape, type = dtype) =>
    edit.addConstant(edit.freshName("c"), tensorOf(type, shape, values));
  const asValue = (operand: Operand): Value | null => (typeof operand === "number" ? constant([operand], []) : operand);
  const random: Builder["random"] = (...shape) => constant(Float32Array.from({ length: elementCount(shape) }, next), shape);
  const all: Builder["ops"] = (op, operands, attrs, outputs) =>
    edit.insert(op, operands.map(asValue), attrs, {
      outputs: Array.from({ length: outputs }, (_, i) => `${op}_${edit.graph.nodes.length}_value_${i}`),
    });
  const one: Builder["op"] = (op, operands, attrs = {}, outputs = 1) => all(op, operands, attrs, outputs)[0] as Value;
  return {
    edit,
    graph: edit.graph,
    input: (inputName, shape, type = dtype) => edit.addInput(inputName, { dtype: type, shape }),
    constant,
    random,
    ints: (...values) => edit.addConstant(edit.freshName("i"), i64Tensor(values)),
    op: one,
    ops: all,
    linear: (x, inputs, outputs) => one("Add", [one("MatMul", [x, random(inputs, outputs)]), random(outputs)]),
    finish(...outputs) {
      outputs.forEach((value, i) => {
        if (value.producer && !edit.graph.outputs.includes(value)) edit.rename(value, i === 0 ? "y" : `y${i}`);
        edit.addOutput(value);
      });
      return edit.graph;
    },
  };
}

/** Extents that stand for symbols when a graph runs. */
const EXTENTS: readonly number[] = [2, 3, 4, 5];

/** Random inputs for every input of the graph: floats in [−1, 1), small non-negative integers, truth values. */
export function samplesFor(graph: Graph, seed = 7): ReadonlyMap<string, TensorData> {
  const next = randomNumbers(seed);
  const extents = new Map<string, number>();
  const extentOf = (symbol: string): number => {
    if (!extents.has(symbol)) extents.set(symbol, EXTENTS[extents.size % EXTENTS.length] as number);
    return extents.get(symbol) as number;
  };
  return new Map(
    graph.inputs.map(({ name, type: { dtype, shape = [] } }) => {
      const fixed = shape.map((extent) => (typeof extent === "number" ? extent : extentOf(extent)));
      const values = Float32Array.from({ length: elementCount(fixed) }, next);
      if (dtype === "bool")
        return [
          name,
          boolTensor(
            fixed,
            values.map((value) => (value > -0.5 ? 1 : 0)),
          ),
        ];
      return [name, tensorOf(dtype, fixed, dtype.startsWith("i") ? values.map((value) => Math.floor(2 * value + 2)) : values)];
    }),
  );
}

/** Mulberry32: numbers in [−1, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
