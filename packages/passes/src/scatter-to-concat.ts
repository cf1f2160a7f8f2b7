import type { GraphEditor, Node, Pass, TensorData, Value } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { integersOf } from "@vlm-export/ops";
import { type StandIn, standIn } from "./stand-in.js";

/**
 * ScatterND whose constant indices are a box of its operand, in order (what `x[..., a:b] = y` is exported as) → Concat of the updates and
 * what lies around them. Stay: reductions, extents that are not known along the axes that are indexed.
 */
export const scatterToConcat: Pass = {
  name: "normalize/scatter-to-concat",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const box = matchBox(node); // only now: its operand may be what took the place of the one before
      if (!box) continue;
      replaceByConcat(edit, box);
      modified = true;
    }
    return { modified };
  },
};

/** Elements [begin, end) of an axis of `extent` elements. */
interface Span {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly extent: number;
}

interface Box {
  readonly node: Node;
  readonly data: Value;
  readonly updates: Value;
  /** Of the axes of which the box has a part only. */
  readonly spans: readonly Span[];
}

function matchBox(node: Node): Box | undefined {
  const [data, indices, updates] = node.inputs;
  const isPlain = node.op === "ScatterND" && (node.attrs["reduction"] ?? "none") === "none";
  if (!isPlain || !data || !indices?.data || !updates) return undefined;
  const spans = spansOf(data, indices.data);
  return spans && { node, data, updates, spans: spans.filter(({ begin, end, extent }) => begin > 0 || end < extent) };
}

/** The span of every axis that is indexed, when row k of the indices is the k-th place of a box of that form. */
function spansOf(data: Value, indices: TensorData): readonly Span[] | undefined {
  const [box, depth] = [indices.shape.slice(0, -1), indices.shape.at(-1)];
  const extents = data.type.shape?.slice(0, depth);
  if (!extents?.every(isKnown) || box.length !== depth || elementCount(box) === 0) return undefined;
  const values = integersOf(indices);
  const at = (row: number, axis: number): number => fromStart(values[row * depth + axis] as number, extents[axis] as number);
  const spans = box.map((size, axis): Span => ({ axis, begin: at(0, axis), end: at(0, axis) + size, extent: extents[axis] as number }));
  const inner = box.map((_, axis) => elementCount(box.slice(axis + 1)));
  const isPlace = (row: number): boolean =>
    box.every((size, axis) => at(row, axis) === at(0, axis) + (Math.floor(row / (inner[axis] as number)) % size));
  return Array.from({ length: elementCount(box) }, (_, row) => row).every(isPlace) ? spans : undefined;
}

const isKnown = (extent: number | string): extent is number => typeof extent === "number";
const fromStart = (index: number, extent: number): number => (index < 0 ? index + extent : index);

function replaceByConcat(edit: GraphEditor, { node, data, updates, spans }: Box): void {
  const write = standIn(edit, node);
  const result = placed(write, data, updates, spans);
  write.replace(node.outputs[0], result === updates ? write.op("Identity", [updates]) : result);
  edit.erase(node);
}

/** `data` with `updates` in the place that the spans name. */
function placed(write: StandIn, data: Value, updates: Value, [span, ...rest]: readonly Span[]): Value {
  if (!span) return updates;
  const { axis, begin, end, extent } = span;
  const slice = (from: number, to: number): readonly Value[] =>
    from === to ? [] : [write.op("Slice", [data, write.ints(from), write.ints(to), write.ints(axis)])];
  const [window] = rest.length === 0 ? [updates] : slice(begin, end);
  const inner = placed(write, window as Value, updates, rest);
  return write.op("Concat", [...slice(0, begin), inner, ...slice(end, extent)], { axis });
}
