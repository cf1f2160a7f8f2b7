import { type Graph, isFloat, type Node, type Value } from "@vlm-export/ir";
import { dataOperands, plainName } from "./operands.js";
import { isLookup, isProduct, isProjection } from "./trace.js";

/**
 * What an input brings. `ids` are looked up in a table; `picture` and `sound` go into a convolution first (of two dimensions, of one, or
 * of a spectrogram), `features` into a projection. Masks, positions and caches bring nothing.
 */
type StreamKind = "ids" | "picture" | "sound" | "features";

/** Which inputs' contents reach each value. */
export interface Streams {
  readonly kinds: ReadonlyMap<Value, StreamKind>;
  of(value: Value | null | undefined): ReadonlySet<Value>;
  /** Of the node's results. */
  at(node: Node): ReadonlySet<Value>;
}

const NONE: ReadonlySet<Value> = new Set();

export function streamsOf(graph: Graph): Streams {
  const kinds = new Map<Value, StreamKind>();
  for (const input of graph.inputs) {
    const kind = kindOf(graph, input);
    if (kind) kinds.set(input, kind);
  }
  const reached = new Map<Node, ReadonlySet<Value>>();
  const of = (value: Value | null | undefined): ReadonlySet<Value> => {
    if (value?.producer) return reached.get(value.producer) ?? NONE;
    return value && kinds.has(value) ? new Set([value]) : NONE;
  };
  for (const node of graph.nodes) {
    const ids = idsOf(node);
    if (ids) kinds.set(ids, "ids");
    reached.set(node, united([...dataOperands(node).map(of), ids ? new Set([ids]) : NONE]));
  }
  return { kinds, of, at: (node) => reached.get(node) ?? NONE };
}

/** The union; one of the sets themselves where it holds the others, so that long networks share few. */
function united(sets: readonly ReadonlySet<Value>[]): ReadonlySet<Value> {
  return sets.reduce((all, each) => {
    if (each.size === 0 || [...each].every((value) => all.has(value))) return all;
    return all.size === 0 ? each : new Set([...all, ...each]);
  }, NONE);
}

/** Ops between an input of ids and its lookup. */
const ID_VIEWS: ReadonlySet<string> = new Set([
  "Cast",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Slice",
  "Gather",
  "Concat",
  "Clip",
  "Min",
  "Max",
  "Where",
  "Add",
  "Sub",
  "Mul",
  "Mod",
]);

/** The input whose integers a node looks up in a table. */
function idsOf(node: Node): Value | undefined {
  if (/::\w*(Embed|Gather)/.test(node.op)) return node.inputs.find((input) => input && isIds(input)) ?? undefined;
  return isLookup(node) ? idsAbove(node.inputs[1], 16) : undefined;
}

/** `barren`: from how many steps nothing was found above a node. */
function idsAbove(value: Value | null | undefined, steps: number, barren = new Map<Node, number>()): Value | undefined {
  if (!value?.producer) return value && isIds(value) ? value : undefined;
  const { producer } = value;
  if (steps <= (barren.get(producer) ?? 0) || !ID_VIEWS.has(producer.op)) return undefined;
  for (const operand of dataOperands(producer)) {
    const found = idsAbove(operand, steps - 1, barren);
    if (found) return found;
  }
  barren.set(producer, steps);
  return undefined;
}

function isIds({ type, data, producer }: Value): boolean {
  return !data && !producer && (type.dtype === "i64" || type.dtype === "i32");
}

/** By the first layer that reads the numbers of an input, however they are shaped before. */
function kindOf(graph: Graph, input: Value): StreamKind | undefined {
  const isNumbers = isFloat(input.type.dtype) || input.type.dtype === "u8";
  const layer = isNumbers ? firstLayer(graph, input) : undefined;
  if (layer?.op === "Conv") return rankOf(input) === 3 || rankOf(layer.inputs[1]) === 3 ? "sound" : "picture";
  return layer && (rankOf(input) > 3 ? "picture" : "features");
}

/** That of pictures when unknown. */
function rankOf(value: Value | null | undefined): number {
  return value?.type.shape?.length ?? 4;
}

function firstLayer(graph: Graph, input: Value): Node | undefined {
  const queue: Value[] = [input];
  const seen = new Set<Node>();
  let projection: Node | undefined;
  for (const value of queue)
    for (const node of graph.users(value)) {
      if (seen.has(node) || !dataOperands(node).includes(value)) continue;
      seen.add(node);
      if (node.op === "Conv" && node.inputs[0] === value) return node;
      if (isProjection(node)) projection ??= node;
      else if (!isEnd(node)) queue.push(...node.outputs.filter((output) => output !== null));
    }
  return projection;
}

/** Where masks, angles and caches end: attention. */
function isEnd(node: Node): boolean {
  return node.op === "Softmax" || isProduct(node) || plainName(node.op).endsWith("Attention");
}
