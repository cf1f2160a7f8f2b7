import { cloneGraph, type Graph, GraphEditor, i64Tensor, type OpRegistry, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import type { Need } from "./needs.js";

/** Names of the outputs that hold the extremes and the mean at each index of an axis. */
export interface ChannelOutputs {
  readonly min: string;
  readonly max: string;
  readonly mean: string;
}

/** The graph to run, and its further outputs by value and axis. */
export interface ObservedGraph {
  readonly graph: Graph;
  readonly channels: ReadonlyMap<string, ReadonlyMap<number, ChannelOutputs>>;
}

/** Adds reductions over all axes but the measured one, so that only a vector per value leaves the engine. */
export function observedGraph(graph: Graph, needs: readonly Need[], ops: OpRegistry): ObservedGraph {
  if (needs.every(({ channelAxes }) => channelAxes.size === 0)) return { graph, channels: new Map() };
  const copy = cloneGraph(graph);
  const edit = new GraphEditor(ops, copy.graph);
  const channels = new Map<string, ReadonlyMap<number, ChannelOutputs>>();
  for (const { value, channelAxes } of needs) {
    const twin = copy.values.get(value) as Value;
    channels.set(value.name, new Map([...channelAxes].map((axis) => [axis, reduceTo(edit, twin, axis)])));
  }
  edit.settle();
  return { graph: edit.graph, channels };
}

function reduceTo(edit: GraphEditor, value: Value, axis: number): ChannelOutputs {
  const { dtype, shape = [] } = value.type;
  const [wide] = dtype === "f32" ? [value] : edit.insert("Cast", [value], { to: codeOfDtype("f32") as number });
  const others = [...shape.keys()].filter((other) => other !== axis);
  const axes = edit.addConstant(edit.freshName(`${value.name}_axes`), i64Tensor(others));
  const reduce = (op: string): string => {
    const [result] = edit.insert(op, [wide as Value, axes], { keepdims: 0, noop_with_empty_axes: 1 });
    edit.addOutput(result as Value);
    return (result as Value).name;
  };
  return { min: reduce("ReduceMin"), max: reduce("ReduceMax"), mean: reduce("ReduceMean") };
}
