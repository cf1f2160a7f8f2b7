import { cloneGraph, type Graph, GraphEditor, i64Tensor, type OpRegistry, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import type { Need } from "./needs.js";

/** Names of the outputs that hold what was seen at each index of an axis. */
export interface ChannelOutputs {
  readonly min: string;
  readonly max: string;
  readonly mean: string;
}

/** An equalized norm in the graph that is run. */
export interface ScaledOutput {
  /** Graph input that the channels are multiplied by. */
  readonly input: string;
  /** Output of the product. */
  readonly output: string;
  readonly extent: number;
  readonly min: string;
  readonly max: string;
  readonly meanSquare: string;
}

/** The graph to run, and its further inputs and outputs by value. */
export interface ObservedGraph {
  readonly graph: Graph;
  readonly channels: ReadonlyMap<string, ReadonlyMap<number, ChannelOutputs>>;
  readonly scaled: ReadonlyMap<string, ScaledOutput>;
}

/**
 * Adds reductions over all axes but the measured one, so that only a vector per value leaves the engine; and for norms that are
 * equalized the scaled output, whose factors come in with every sample.
 */
export function observedGraph(graph: Graph, needs: readonly Need[], ops: OpRegistry): ObservedGraph {
  const channels = new Map<string, ReadonlyMap<number, ChannelOutputs>>();
  const scaled = new Map<string, ScaledOutput>();
  if (needs.every(({ channelAxes, norm }) => channelAxes.size === 0 && !norm)) return { graph, channels, scaled };
  const copy = cloneGraph(graph);
  const edit = new GraphEditor(ops, copy.graph);
  for (const { value, channelAxes, norm } of needs) {
    let twin = copy.values.get(value) as Value;
    if (norm) {
      const product = multiply(edit, twin);
      scaled.set(value.name, product.names);
      twin = product.value;
    }
    channels.set(value.name, new Map([...channelAxes].map((axis) => [axis, channelOutputs(edit, twin, axis)])));
  }
  edit.settle();
  return { graph: edit.graph, channels, scaled };
}

function multiply(edit: GraphEditor, value: Value): { readonly value: Value; readonly names: ScaledOutput } {
  const axis = (value.type.shape?.length ?? 1) - 1;
  const extent = value.type.shape?.[axis] as number;
  const input = edit.addInput(edit.freshName(`${value.name}_factors`), { dtype: "f32", shape: [extent] });
  const [product] = edit.insert("Mul", [value, input], {}, { name: `${value.name}_equalized` }) as readonly [Value];
  const [square] = edit.insert("Mul", [product, product]) as readonly [Value];
  const min = reduceTo(edit, "ReduceMin", product, axis);
  const max = reduceTo(edit, "ReduceMax", product, axis);
  const names = { input: input.name, output: product.name, extent, min, max, meanSquare: reduceTo(edit, "ReduceMean", square, axis) };
  return { value: product, names };
}

function channelOutputs(edit: GraphEditor, value: Value, axis: number): ChannelOutputs {
  const [wide] = value.type.dtype === "f32" ? [value] : edit.insert("Cast", [value], { to: codeOfDtype("f32") as number });
  const reduce = (op: string): string => reduceTo(edit, op, wide as Value, axis);
  return { min: reduce("ReduceMin"), max: reduce("ReduceMax"), mean: reduce("ReduceMean") };
}

/** Adds an output: `op` over all axes but one. */
function reduceTo(edit: GraphEditor, op: string, value: Value, axis: number): string {
  const others = [...(value.type.shape ?? []).keys()].filter((other) => other !== axis);
  const axes = edit.addConstant(edit.freshName(`${value.name}_axes`), i64Tensor(others));
  const [result] = edit.insert(op, [value, axes], { keepdims: 0, noop_with_empty_axes: 1 }) as readonly [Value];
  edit.addOutput(result);
  return result.name;
}
