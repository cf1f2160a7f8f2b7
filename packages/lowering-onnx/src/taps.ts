import { intAttribute, type OnnxValueInfo } from "@vlm-export/formats/onnx";
import type { DType, Graph, TensorType, Value } from "@vlm-export/ir";
import { lowerTap } from "./errors.js";
import type { GraphWriter } from "./graph-writer.js";
import type { LowerContext } from "./lower-context.js";
import { castTo } from "./qdq/pair.js";
import { valueInfoOf } from "./value-info.js";

/**
 * An inner value that the model gives out as well, as its readers see it (after Q/DQ): whole, or its least and greatest element.
 */
export interface Tap {
  readonly value: string;
  readonly kind: "tensor" | "range";
}

/** Element types that engines take as outputs and reduce; all others are given out as f32. */
const PLAIN: ReadonlySet<DType> = new Set<DType>(["f32", "f64", "i64", "i32", "i8", "u8"]);

interface TapSite {
  readonly writer: GraphWriter;
  readonly reader: (value: Value) => string;
}

/** Adds the nodes of the taps; returns the declarations of their outputs. Throws VX-LOWER-TAP. */
export function addTaps(graph: Graph, context: LowerContext, site: TapSite): readonly OnnxValueInfo[] {
  return context.taps.flatMap((tap) => {
    const value = graph.value(tap.value);
    if (!value) throw lowerTap(tap.value);
    const infos = tap.kind === "range" ? addRange(value, site) : addTensor(value, graph, site);
    context.tapOutputs.set(
      tap,
      infos.map(({ name }) => name),
    );
    return infos.filter(({ name }) => !graph.outputs.some((output) => output.name === name));
  });
}

/** A name that engines for JavaScript do not give results under. */
const LOST = "__proto__";

/** The value itself where it may be an output as it is: graph inputs and constants may not in every engine. */
function addTensor(value: Value, graph: Graph, { writer, reader }: TapSite): readonly OnnxValueInfo[] {
  const name = reader(value);
  const { dtype } = value.type;
  if (graph.outputs.includes(value) && name !== LOST) return [valueInfoOf(name, value.type)];
  const plain = PLAIN.has(dtype) || dtype === "bool" || dtype === "f16" || dtype === "unknown";
  if (plain && value.producer && name !== LOST) return [valueInfoOf(name, value.type)];
  const tap = writer.names.value(`${value.name}_tap`);
  if (plain) writer.node("Identity", [name], [tap]);
  else writer.node("Cast", [name], [tap], { attributes: [castTo("f32")] });
  return [valueInfoOf(tap, typeAs(value.type, plain ? dtype : "f32"))];
}

/** Two scalars, `<value>_min` and `<value>_max`. */
function addRange(value: Value, { writer, reader }: TapSite): readonly OnnxValueInfo[] {
  const { dtype } = value.type;
  const plain = PLAIN.has(dtype);
  const x = plain
    ? reader(value)
    : writer.node("Cast", [reader(value)], [writer.names.value(`${value.name}_reals`)], { attributes: [castTo("f32")] });
  return (["Min", "Max"] as const).map((side) => {
    const name = writer.node(`Reduce${side}`, [x], [writer.names.value(`${value.name}_${side.toLowerCase()}`)], {
      attributes: [intAttribute("keepdims", 0)],
    });
    return valueInfoOf(name, { dtype: plain ? dtype : "f32", shape: [] });
  });
}

function typeAs(type: TensorType, dtype: DType): TensorType {
  return { dtype, shape: type.shape };
}
