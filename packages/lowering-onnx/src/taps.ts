import { intAttribute, type OnnxValueInfo } from "@vlm-export/formats/onnx";
import { type DType, type Graph, i64Tensor, type TensorType, type Value } from "@vlm-export/ir";
import { lowerTap } from "./errors.js";
import type { GraphWriter } from "./graph-writer.js";
import { MAX_LEAVES } from "./leaves-last.js";
import type { LowerContext } from "./lower-context.js";
import { castTo } from "./qdq/pair.js";
import { valueInfoOf } from "./value-info.js";

/**
 * An inner value that the model gives out as well, as its readers see it (after Q/DQ): its elements, or its least and greatest one.
 */
export interface Tap {
  readonly value: string;
  readonly kind: "tensor" | "range";
  /** Of kind tensor: gives out the first element and every so many after it, in row-major order, as a vector; default all, as they stand. */
  readonly every?: number;
}

/** Element types that engines take as outputs and reduce; all others are given out as f32. */
const PLAIN: ReadonlySet<DType> = new Set<DType>(["f32", "f64", "i64", "i32", "i8", "u8"]);

interface TapSite {
  readonly writer: GraphWriter;
  /** The outputs of the graph. */
  readonly outputs: ReadonlySet<Value>;
  readonly reader: (value: Value) => string;
}

/** Adds the nodes of the taps; returns the declarations of their outputs. Throws VX-LOWER-TAP. */
export function addTaps(graph: Graph, context: LowerContext, site: TapSite): readonly OnnxValueInfo[] {
  if (context.taps.length === 0) return [];
  const declared = new Set([...site.outputs].map(({ name }) => name));
  const given = context.taps.flatMap((tap) => {
    const value = graph.value(tap.value);
    if (!value) throw lowerTap(tap.value);
    const infos = tap.kind === "range" ? addRange(value, site) : tap.every ? addPart(value, tap.every, site) : addTensor(value, site);
    context.tapOutputs.set(
      tap,
      infos.map(({ name }) => name),
    );
    return infos.filter(({ name }) => !declared.has(name));
  });
  return [...given, ...addReaders(site)];
}

/**
 * Something that reads each of the model's outputs. ONNX Runtime computes first what the newest of the nodes needs that no other reads, and the
 * newest are those that it fuses itself: where one gives an output, nothing of a tap would be computed before the model is through.
 */
function addReaders({ writer, outputs, reader }: TapSite): readonly OnnxValueInfo[] {
  if (outputs.size > MAX_LEAVES) return []; // then the order is left as it is
  return [...outputs]
    .filter(({ producer, type: { dtype, foreign } }) => producer && dtype !== "unknown" && !foreign)
    .map((value) => {
      const size = writer.node("Size", [reader(value)], [writer.names.value(`${value.name}_size`)]);
      return valueInfoOf(size, { dtype: "i64", shape: [] });
    });
}

/** A name that engines for JavaScript do not give results under. */
const LOST = "__proto__";

/** The value itself where it may be an output as it is: graph inputs and constants may not in every engine. */
function addTensor(value: Value, { writer, outputs, reader }: TapSite): readonly OnnxValueInfo[] {
  const name = reader(value);
  const { dtype } = value.type;
  if (outputs.has(value) && name !== LOST) return [valueInfoOf(name, value.type)];
  const plain = isPlain(dtype);
  if (plain && value.producer && name !== LOST) return [valueInfoOf(name, value.type)];
  const tap = writer.names.value(`${value.name}_tap`);
  if (plain) writer.node("Identity", [name], [tap]);
  else writer.node("Cast", [name], [tap], { attributes: [castTo("f32")] });
  return [valueInfoOf(tap, typeAs(value.type, plain ? dtype : "f32"))];
}

/** Element types that are given out as they are. */
function isPlain(dtype: DType): boolean {
  return PLAIN.has(dtype) || dtype === "bool" || dtype === "f16" || dtype === "unknown";
}

/** A part of the elements: the whole value is no output then, and its memory is free once its readers have run. */
function addPart(value: Value, every: number, { writer, reader }: TapSite): readonly OnnxValueInfo[] {
  const name = (part: string): string => writer.names.value(`${value.name}_${part}`);
  const constant = (part: string, number: number): string => writer.initializer(`${value.name}_${part}`, i64Tensor([number]));
  const flat = writer.node("Reshape", [reader(value), constant("flat_shape", -1)], [name("flat")]);
  const bounds = [constant("part_start", 0), constant("part_end", Number.MAX_SAFE_INTEGER), constant("part_axis", 0)];
  const part = writer.node("Slice", [flat, ...bounds, constant("part_step", every)], [name("part")]);
  const { dtype } = value.type;
  const plain = isPlain(dtype);
  const tap = plain ? part : writer.node("Cast", [part], [name("tap")], { attributes: [castTo("f32")] });
  return [valueInfoOf(tap, { dtype: plain ? dtype : "f32", shape: ["?part"] })];
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
