import { f32Tensor, type Graph, GraphEditor, type OpRegistry, type TensorType, type Value } from "@vlm-export/ir";
import { reduceTo, wide } from "./reduce.js";

/** Names of the outputs that hold what was seen at each index of an axis; empty vectors in runs that do not look. */
export interface LookOutputs {
  readonly min: string;
  readonly max: string;
  readonly meanSquare: string;
}

const VECTOR: TensorType = { dtype: "f32", shape: undefined };
const INSIDE = "looked_at";

/** Adds reductions over all axes but `axis` that are computed only when `flag` is true: If takes no time for the other branch. */
export function addLook(edit: GraphEditor, value: Value, axis: number, flag: Value): LookOutputs {
  const branches = { then_branch: looking(edit.ops, value.type, axis), else_branch: passing(edit.ops) };
  const outputs = ["min", "max", "mean_square"].map((part) => edit.freshName(`${value.name}_${part}_${axis}`));
  const attrs = Object.fromEntries(Object.entries(branches).map(([name, graph]) => [name, { kind: "graph" as const, graph }]));
  const results = edit.insert("If", [flag], attrs, {
    name: `${value.name}_look_${axis}`,
    outputs,
    types: outputs.map(() => VECTOR),
    captures: new Map([[INSIDE, value]]),
  });
  for (const result of results) edit.addOutput(result);
  const [min = "", max = "", meanSquare = ""] = outputs;
  return { min, max, meanSquare };
}

function looking(ops: OpRegistry, type: TensorType, axis: number): Graph {
  const edit = new GraphEditor(ops, "look");
  const value = wide(edit, edit.addCapture(INSIDE, type));
  const [square] = edit.insert("Mul", [value, value]) as readonly [Value];
  edit.addOutput(reduceTo(edit, "ReduceMin", value, axis));
  edit.addOutput(reduceTo(edit, "ReduceMax", value, axis));
  edit.addOutput(reduceTo(edit, "ReduceMean", square, axis));
  edit.settle();
  return edit.graph;
}

function passing(ops: OpRegistry): Graph {
  const edit = new GraphEditor(ops, "pass");
  for (const part of ["min", "max", "mean_square"]) edit.addOutput(edit.addConstant(`no_${part}`, f32Tensor([], [0])));
  return edit.graph;
}
