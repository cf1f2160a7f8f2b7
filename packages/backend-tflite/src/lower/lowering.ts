import type { TfliteOptions, TfliteQuantization } from "@vlm-export/formats/tflite";
import { type Graph, isFloat, type Node, type QuantSpec, staticShape, storedTensor, type Value } from "@vlm-export/ir";
import { lowerShape, lowerValue } from "../errors.js";
import { type Layout, regrouped, reshaped, rowMajor, sameOrder, storedShape } from "../layout.js";
import { blockRows } from "./block-weights.js";
import { float16Bytes, float32Bytes, floatBytes, int32Values, integerBytes, integerFormOf, knownData } from "./constant-bytes.js";
import { Holdings } from "./holdings.js";
import { permuted } from "./permute.js";
import { Program, type ProgramTensor } from "./program.js";
import { quantizationOf, sameQuantization } from "./quantization.js";

/** integer: the value's own integers and qparams; float: the real numbers that they stand for (or a value that is not quantized). */
export type Form = "integer" | "float";

/** A tensor of the program that holds a value in some layout. */
export interface Place {
  readonly tensor: number;
  readonly layout: Layout;
}

/** What `write` leaves to do once the operator stands. */
interface Pending {
  readonly value: Value;
  readonly from: Place;
}

/**
 * State of lowering one graph. Every value lies in tensors whose layout is known; a reader names the form and layout that it
 * needs, and the DEQUANTIZE, QUANTIZE, RESHAPE or TRANSPOSE in between is made once. Transposes of the graph itself only
 * change a layout.
 */
export class Lowering {
  readonly graph: Graph;
  readonly program: Program = new Program();
  readonly holdings: Holdings = new Holdings();
  /** Nodes that an operator has taken in already. */
  readonly done: Set<Node> = new Set();
  readonly #places = new Map<Value, Map<Form, Place[]>>();
  /** Views by tensor and shape. */
  readonly #views = new Map<string, number>();
  #pending: Pending[] = [];

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The graph's shape of a value. Throws VX-LOWER-TFLITE-SHAPE unless all extents are known and positive. */
  shape(value: Value): readonly number[] {
    const shape = staticShape(value.type);
    if (!shape || shape.includes(0)) throw lowerShape(value.name);
    return shape;
  }

  /** The layout that an activation lies in; row-major for constants. */
  layoutOf(value: Value): Layout {
    const places = this.#places.get(value);
    const place = places?.get("integer")?.[0] ?? places?.get("float")?.[0];
    return place?.layout ?? rowMajor(this.shape(value).length);
  }

  /** The tensor of a value in that form and layout. */
  read(value: Value, form: Form, layout: Layout = rowMajor(this.shape(value).length)): number {
    const places = this.#placesOf(value, form);
    const exact = places.find((place) => String(place.layout) === String(layout));
    if (exact) return exact.tensor;
    const tensor = this.#made(value, form, layout);
    places.push({ tensor, layout });
    return tensor;
  }

  /** Integers are laid out before they become real numbers: they are a quarter of the size. */
  #made(value: Value, form: Form, layout: Layout): number {
    if (form === "float" && value.type.quant?.granularity === "block") return this.#blocks(value, value.type.quant, layout);
    if (form === "float" && value.type.quant) return this.#dequantized(this.read(value, "integer", layout));
    return knownData(value) ? this.#constant(value, layout) : this.#relaid(value, this.#anyPlace(value, form), layout);
  }

  /** The tensor of an operand that broadcasts to `rank` dimensions, laid out by `layout` over these. */
  readBroadcast(value: Value, form: Form, rank: number, layout: Layout): number {
    const shape = this.shape(value);
    if (shape.length === rank) return this.read(value, form, layout);
    const padded = [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
    if (sameOrder(padded, layout, rowMajor(rank))) return this.viewed(this.read(value, form), storedShape(padded, layout));
    const view = this.viewed(this.read(value, form), padded);
    return this.#transpose(view, layout);
  }

  /** A new tensor for a value that the next operator computes, in `layout`. A quantized value in float form is quantized behind it. */
  write(value: Value, form: Form, layout: Layout): number {
    const { quant } = value.type;
    const tensor = this.#newTensor(value, form === "integer" ? quant : undefined, layout, form === "float" && quant ? "_float" : "");
    this.#settle(value, { tensor, layout }, form === "float" && quant !== undefined);
    return tensor;
  }

  /** As {@link write} for an operator whose integer kernel keeps the qparams of its operand `like`. */
  writeLike(value: Value, form: Form, layout: Layout, like: number): number {
    const wanted = form === "integer" && value.type.quant ? quantizationOf(value.type.quant, layout) : undefined;
    const given = this.program.tensors[like]?.quantization;
    if (form === "float" || sameQuantization(wanted, given)) return this.write(value, form, layout);
    const tensor = this.scratch(`${value.name}_unscaled`, storedShape(this.shape(value), layout), given);
    this.#settle(value, { tensor, layout }, true);
    return tensor;
  }

  /** The value is what `tensor` holds already, seen through `layout`. */
  alias(value: Value, form: Form, place: Place): void {
    const { quant } = value.type;
    const wanted = quant && quantizationOf(quant, place.layout);
    const same = form === "integer" ? sameQuantization(wanted, this.program.tensors[place.tensor]?.quantization) : quant === undefined;
    this.#settle(value, place, !same);
    this.flush();
  }

  /** Any tensor of an activation in that form, with its layout. */
  place(value: Value, form: Form): Place {
    if (knownData(value)) return { tensor: this.read(value, form), layout: rowMajor(this.shape(value).length) };
    return this.#anyPlace(value, form);
  }

  /** A tensor of the operator's own, float or with these qparams. */
  scratch(name: string, shape: readonly number[], quantization?: TfliteQuantization): number {
    return this.program.tensor({ name, type: quantization ? "INT8" : "FLOAT32", shape, ...(quantization && { quantization }) });
  }

  /** A tensor of the operator's own of the element type and shape of `tensor`, without its qparams. */
  scratchLike(tensor: number, name: string): number {
    const { type, shape } = this.program.tensors[tensor] as ProgramTensor;
    return this.program.tensor({ name, type, shape });
  }

  /** A float constant of the operator's own. */
  floatConstant(name: string, values: readonly number[], shape: readonly number[]): number {
    return this.program.tensor({ name, type: "FLOAT32", shape, data: float32Bytes(values) });
  }

  /** A number as an operand beside `tensor`: of its element type, int32 or float. */
  scalarFor(tensor: number, name: string, value: number): number {
    return this.program.tensors[tensor]?.type === "INT32" ? this.program.indices([value], []) : this.floatConstant(name, [value], []);
  }

  /** A tensor of a quantized constant stored in another shape over the same order (a bias as one axis). */
  constantAs(value: Value, shape: readonly number[], quantizedDimension: number): number {
    const { quant } = value.type;
    if (!value.data || !quant) throw lowerValue(value.name, "expected a quantized constant");
    const quantization = { ...quantizationOf(quant, rowMajor(shape.length)), quantizedDimension };
    const tensor = this.program.tensor({
      name: value.name,
      type: integerType(value, quant),
      shape,
      quantization,
      data: integerBytes(value.data, shape, rowMajor(shape.length)),
    });
    this.holdings.carry(value, { tensor });
    return tensor;
  }

  /** A tensor of its own with the same content. */
  copy(tensor: number): number {
    return this.#reshaped(tensor, this.program.tensors[tensor]?.shape ?? [], "_copy");
  }

  /** Adds an operator. */
  emit(op: string, inputs: readonly number[], outputs: readonly number[], options?: TfliteOptions): void {
    this.program.operator(op, inputs, outputs, options);
  }

  /** Quantizes what the last operators wrote in float form or with other qparams. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { value, from } of pending) {
      const { quant } = value.type;
      const tensor = this.#newTensor(value, quant, from.layout, "");
      if (quant) this.emit("QUANTIZE", [from.tensor], [tensor], { kind: "QuantizeOptions" });
      else this.emit("DEQUANTIZE", [from.tensor], [tensor], { kind: "DequantizeOptions" });
      this.#settle(value, { tensor, layout: from.layout }, false);
    }
  }

  /** Reshapes over the same bytes; axes that the result has as one are brought together first where the layout has them apart. */
  reshape(value: Value, form: Form, result: Value): void {
    const [from, to] = [this.shape(value), this.shape(result)];
    const place = this.place(value, form);
    const layout = reshaped(from, place.layout, to);
    if (layout) return this.#settleView(result, form, { tensor: place.tensor, layout }, storedShape(to, layout));
    const together = regrouped(from, place.layout, to);
    const target = reshaped(from, together, to) ?? rowMajor(to.length);
    this.#settleView(result, form, { tensor: this.read(value, form, together), layout: target }, storedShape(to, target));
  }

  #settleView(result: Value, form: Form, source: Place, shape: readonly number[]): void {
    const given = this.program.tensors[source.tensor];
    if (String(given?.shape) === String(shape)) return this.alias(result, form, source);
    const tensor = this.writeLike(result, form, source.layout, source.tensor);
    this.program.reshape(source.tensor, tensor);
  }

  #placesOf(value: Value, form: Form): Place[] {
    const forms = this.#places.get(value) ?? new Map<Form, Place[]>();
    this.#places.set(value, forms);
    const places = forms.get(form) ?? [];
    forms.set(form, places);
    return places;
  }

  #anyPlace(value: Value, form: Form): Place {
    const places = this.#placesOf(value, form);
    const [first] = places;
    if (first) return first;
    const [integer] = this.#placesOf(value, "integer");
    if (form === "integer" || !integer) throw lowerValue(value.name, `${JSON.stringify(value.name)} has no ${form} form here`);
    const place = { tensor: this.#dequantized(integer.tensor), layout: integer.layout };
    places.push(place);
    return place;
  }

  #dequantized(source: number): number {
    const { name, type, shape } = this.program.tensors[source] as ProgramTensor;
    const tensor = this.scratch(`${name}_real`, shape);
    if (type === "INT32") return this.#dequantizedBias(source, tensor);
    this.emit("DEQUANTIZE", [source], [tensor], { kind: "DequantizeOptions" });
    return tensor;
  }

  /** DEQUANTIZE has no int32 kernel: scale · float(q). */
  #dequantizedBias(source: number, tensor: number): number {
    const { name, shape, quantization } = this.program.tensors[source] as ProgramTensor;
    const { scale = [], quantizedDimension = 0 } = quantization ?? {};
    const cast = this.scratch(`${name}_cast`, shape);
    const scaleShape = shape.map((extent, axis) => (scale.length > 1 && axis === quantizedDimension ? extent : 1));
    this.emit("CAST", [source], [cast], { kind: "CastOptions", inDataType: "INT32", outDataType: "FLOAT32" });
    const inputs = [cast, this.floatConstant(`${name}_scale`, scale, scaleShape)];
    this.emit("MUL", inputs, [tensor], { kind: "MulOptions", fusedActivationFunction: "NONE" });
    return tensor;
  }

  #constant(value: Value, layout: Layout): number {
    const { quant } = value.type;
    const data = knownData(value);
    if (!data) throw lowerValue(value.name, "expected a constant");
    if (quant) return this.#integerConstant(value, quant, layout);
    const shape = this.shape(value);
    const stored = storedTensor(data);
    if (stored.dtype === "f16")
      return this.#dequantized(this.#plainConstant(value, layout, { type: "FLOAT16", data: float16Bytes(stored, shape, layout) }));
    if (isFloat(data.dtype) && data.dtype !== "f64")
      return this.#plainConstant(value, layout, { type: "FLOAT32", data: floatBytes(data, shape, layout) });
    if (data.dtype === "bool") return this.#plainConstant(value, layout, { type: "BOOL", data: integerBytes(data, shape, layout) });
    if (data.dtype !== "i64" && data.dtype !== "i32")
      throw lowerValue(value.name, `constants of type ${data.dtype} have no TFLite form here`);
    const tensor = this.program.indices([...permuted(int32Values(value.name, data), shape, layout)], storedShape(shape, layout));
    this.holdings.keep(value, { tensor, layout });
    return tensor;
  }

  #blocks(value: Value, quant: QuantSpec, layout: Layout): number {
    const shape = this.shape(value);
    const rows = blockRows(value, shape, quant, layout);
    const tensor = this.program.tensor(rows.tensor);
    this.holdings.carry(value, { tensor, layout: rows.layout, shape });
    const real = this.viewed(this.#dequantized(tensor), storedShape(shape, rows.layout));
    return this.#relaid(value, { tensor: real, layout: rows.layout }, layout);
  }

  /** Weights that are stored as float16 stay float16 in the file, bf16 ones are widened. */
  #plainConstant(value: Value, layout: Layout, { type, data }: Required<Pick<ProgramTensor, "type" | "data">>): number {
    const shape = this.shape(value);
    const tensor = this.program.tensor({ name: value.name, type, shape: storedShape(shape, layout), data });
    this.holdings.keep(value, { tensor, layout });
    return tensor;
  }

  #integerConstant(value: Value, quant: QuantSpec, layout: Layout): number {
    const shape = this.shape(value);
    const form = integerFormOf(quant.storage);
    if (!form || !value.data || quant.granularity === "block") {
      throw lowerValue(value.name, `${quant.granularity}-quantized ${quant.storage} constants have no TFLite form here`);
    }
    const tensor = this.program.tensor({
      name: value.name,
      type: form.type,
      shape: storedShape(shape, layout),
      quantization: quantizationOf(quant, layout),
      data: integerBytes(value.data, shape, layout),
    });
    this.holdings.carry(value, { tensor, layout });
    return tensor;
  }

  #relaid(value: Value, place: Place, layout: Layout): number {
    const shape = this.shape(value);
    const target = storedShape(shape, layout);
    if (sameOrder(shape, place.layout, layout)) return this.viewed(place.tensor, target);
    return this.#transpose(
      place.tensor,
      layout.map((axis) => place.layout.indexOf(axis)),
    );
  }

  /** The tensor in another shape over the same bytes; views of one shape are shared. */
  viewed(tensor: number, shape: readonly number[]): number {
    if (String(this.program.tensors[tensor]?.shape) === String(shape)) return tensor;
    const key = `${tensor}:${shape}`;
    const view = this.#views.get(key) ?? this.#reshaped(tensor, shape, "_view");
    this.#views.set(key, view);
    return view;
  }

  #reshaped(tensor: number, shape: readonly number[], suffix: string): number {
    const { name, type, quantization } = this.program.tensors[tensor] as ProgramTensor;
    const result = this.program.tensor({ name: `${name}${suffix}`, type, shape, ...(quantization && { quantization }) });
    this.program.reshape(tensor, result);
    return result;
  }

  #transpose(tensor: number, permutation: readonly number[]): number {
    const source = this.program.tensors[tensor] as ProgramTensor;
    const shape = permutation.map((axis) => source.shape[axis] ?? 1);
    const result = this.program.tensor({
      name: `${source.name}_transposed`,
      type: source.type,
      shape,
      ...(source.quantization && { quantization: source.quantization }),
    });
    this.emit("TRANSPOSE", [tensor, this.program.indices(permutation)], [result], { kind: "TransposeOptions" });
    return result;
  }

  #newTensor(value: Value, quant: QuantSpec | undefined, layout: Layout, suffix: string): number {
    const shape = storedShape(this.shape(value), layout);
    const type = quant ? integerType(value, quant) : tensorType(value);
    return this.program.tensor({
      name: `${value.name}${suffix}`,
      type,
      shape,
      ...(quant && { quantization: quantizationOf(quant, layout) }),
    });
  }

  #settle(value: Value, place: Place, pending: boolean): void {
    if (pending) {
      this.#pending.push({ value, from: place });
      return;
    }
    this.#placesOf(value, value.type.quant ? "integer" : "float").push(place);
    if (value.type.quant) this.holdings.carry(value, { tensor: place.tensor });
  }
}

function integerType(value: Value, { storage, scale }: QuantSpec): ProgramTensor["type"] {
  const form = integerFormOf(storage);
  if (!scale) throw lowerValue(value.name, "activations quantized at run time have no TFLite form here: use mode: static, or weights only");
  if (!form) throw lowerValue(value.name, `${storage} integers have no TFLite form here`);
  return form.type;
}

function tensorType(value: Value): ProgramTensor["type"] {
  const { dtype } = value.type;
  if (isFloat(dtype) && dtype !== "f64") return "FLOAT32";
  if (dtype === "i64" || dtype === "i32") return "INT32";
  if (dtype === "bool") return "BOOL";
  throw lowerValue(value.name, `values of type ${dtype} have no TFLite form here`);
}
