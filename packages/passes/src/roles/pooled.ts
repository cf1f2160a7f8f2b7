import type { Graph, Node, TensorType, Value } from "@vlm-export/ir";
import { integersOf } from "../match.js";
import { dataOperands, viewed } from "./operands.js";
import type { Streams } from "./streams.js";
import { usersOf } from "./trace.js";

/**
 * The nodes that see the whole input and not its parts: those behind a reduction that all of an output's data goes through. A pooling
 * inside the network, whose result is joined to the stream again, does not count. `isBody` says which nodes are surely not among them.
 */
export function pooledNodes(graph: Graph, streams: Streams, isBody: (node: Node) => boolean): ReadonlySet<Node> {
  const pooled = new Set<Node>();
  const isOpen = (value: Value): boolean => streams.kinds.has(value) && !value.producer;
  for (const output of graph.outputs) for (const node of behindReductions(output, isOpen, isBody)) pooled.add(node);
  const queue = [...pooled];
  for (const node of queue)
    for (const user of usersOf(graph, node))
      if (!pooled.has(user)) {
        pooled.add(user);
        queue.push(user);
      }
  return pooled;
}

/** Everything above `output` up to reductions, and they; nothing when there is a way around them. */
function behindReductions(output: Value, isOpen: (value: Value) => boolean, isBody: (node: Node) => boolean): readonly Node[] {
  const found = new Set<Node>();
  const queue = [output];
  for (const value of queue) {
    const node = value.producer;
    if (isOpen(value) || (node && isBody(node))) return [];
    if (!node || found.has(node)) continue;
    found.add(node);
    if (!isReduction(node)) queue.push(...dataOperands(node));
  }
  return [...found].some(isReduction) ? [...found] : [];
}

const REDUCTIONS: ReadonlySet<string> = new Set(["ReduceMean", "ReduceSum", "ReduceMax"]);
const PICKS: ReadonlySet<string> = new Set(["Gather", "GatherND", "GatherElements", "Slice", "Split", "AveragePool", "MaxPool"]);

type Shape = NonNullable<TensorType["shape"]>;

/** True for nodes that leave one row of many: a mean over them, one that is picked, all in one. */
function isReduction(node: Node): boolean {
  if (node.op === "GlobalAveragePool" || node.op === "GlobalMaxPool") return true;
  if (REDUCTIONS.has(node.op)) return !isOverChannels(node);
  if (PICKS.has(node.op)) return isOneRow(node);
  return (node.op === "Flatten" || node.op === "Reshape") && isFlattening(node);
}

function isOverChannels({ inputs, attrs }: Node): boolean {
  const axes = integersOf(inputs[1]) ?? attrs["axes"];
  const rank = inputs[0]?.type.shape?.length;
  return Array.isArray(axes) && axes.length === 1 && (axes[0] === -1 || axes[0] + 1 === rank);
}

/** Of some axis but the last, one of several is left, or the axis itself is gone, or one of a sequence is picked out of joined rows. */
function isOneRow({ op, inputs, outputs }: Node): boolean {
  const [before, after] = [inputs[0]?.type.shape, outputs[0]?.type.shape];
  if (!before || !after) return op === "GatherND" || inputs[1]?.type.shape?.length === 0;
  if (after.length !== before.length) return after.length < before.length;
  return (
    isOneOfJoined(inputs[0], after) || before.some((extent, axis) => isInner(axis, before.length) && extent !== 1 && after[axis] === 1)
  );
}

function isInner(axis: number, rank: number): boolean {
  return axis > 0 && axis < rank - 1;
}

/** [batch · length, channels], made from [batch, length, channels], to [batch, channels]. */
function isOneOfJoined(rows: Value | null | undefined, after: Shape): boolean {
  const sequences = rows ? viewed(rows).type.shape : undefined;
  return rows?.type.shape?.length === 2 && sequences?.length === 3 && after[0] === sequences[0];
}

/** [batch, channels, …] → [batch, channels · …]. */
function isFlattening({ inputs, outputs }: Node): boolean {
  const [before, after] = [inputs[0]?.type.shape, outputs[0]?.type.shape];
  if (!before || after?.length !== 2 || before.length < 3) return false;
  const parts = before.slice(1);
  return (
    after[0] === before[0] &&
    parts.every((extent) => typeof extent === "number") &&
    parts.reduce<number>((a, b) => a * Number(b), 1) === after[1]
  );
}
