import { cloneGraph, type Graph, GraphEditor, type OpRegistry, type Value } from "@vlm-export/ir";
import type { Need } from "../needs.js";
import { addLook, type LookOutputs } from "./look-node.js";
import { reduceTo, wide } from "./reduce.js";

/** Names of the outputs that hold what was seen at each index of an axis, by axis. */
export interface ChannelOutputs {
  readonly means: ReadonlyMap<number, string>;
  readonly maxima: ReadonlyMap<number, { readonly min: string; readonly max: string }>;
  readonly looks: ReadonlyMap<number, LookOutputs>;
}

/** An equalized norm in the graph that is run. */
interface ScaledOutput {
  /** Graph input that the channels are multiplied by. */
  readonly input: string;
  /** Output of the product. */
  readonly output: string;
  readonly extent: number;
}

/** The graph to run, and its further inputs and outputs by value. */
export interface ObservedGraph {
  readonly graph: Graph;
  readonly channels: ReadonlyMap<string, ChannelOutputs>;
  readonly scaled: ReadonlyMap<string, ScaledOutput>;
  /** Graph input that says whether channels are looked at; undefined when none ever are. */
  readonly lookInput: string | undefined;
}

/**
 * Adds reductions over all axes but the measured one, so that only a vector per value leaves the engine; and for norms that are
 * equalized the scaled output, whose factors come in with every sample.
 */
export function observedGraph(graph: Graph, needs: readonly Need[], ops: OpRegistry): ObservedGraph {
  const channels = new Map<string, ChannelOutputs>();
  const scaled = new Map<string, ScaledOutput>();
  if (needs.every((need) => need.means.size + need.maxima.size + need.looks.size === 0))
    return { graph, channels, scaled, lookInput: undefined };
  const copy = cloneGraph(graph);
  const edit = new GraphEditor(ops, copy.graph);
  const looks = needs.some((need) => need.looks.size > 0);
  const flag = looks ? edit.addInput(edit.freshName("look_at_channels"), { dtype: "bool", shape: [] }) : undefined;
  for (const need of needs) {
    const value = copy.values.get(need.value) as Value;
    const lookOutputs = flag ? [...need.looks].map((axis): [number, LookOutputs] => [axis, addLook(edit, value, axis, flag)]) : [];
    const product = need.norm && multiply(edit, wide(edit, value));
    if (product) scaled.set(need.value.name, product.names);
    channels.set(need.value.name, { ...reductions(edit, product?.value ?? value, need), looks: new Map(lookOutputs) });
  }
  edit.settleBeside(graph.nodes.length);
  return { graph: edit.graph, channels, scaled, lookInput: flag?.name };
}

function multiply(edit: GraphEditor, value: Value): { readonly value: Value; readonly names: ScaledOutput } {
  const extent = value.type.shape?.at(-1) as number;
  const input = edit.addInput(edit.freshName(`${value.name}_factors`), { dtype: "f32", shape: [extent] });
  const [product] = edit.insert("Mul", [value, input], {}, { name: `${value.name}_equalized` }) as readonly [Value];
  return { value: product, names: { input: input.name, output: product.name, extent } };
}

function reductions(edit: GraphEditor, value: Value, { means, maxima }: Need): Pick<ChannelOutputs, "means" | "maxima"> {
  if (means.size + maxima.size === 0) return { means: new Map(), maxima: new Map() };
  const float = wide(edit, value);
  const output = (op: string, axis: number): string => {
    const result = reduceTo(edit, op, float, axis);
    edit.addOutput(result);
    return result.name;
  };
  return {
    means: new Map([...means].map((axis) => [axis, output("ReduceMean", axis)])),
    maxima: new Map([...maxima].map((axis) => [axis, { min: output("ReduceMin", axis), max: output("ReduceMax", axis) }])),
  };
}
