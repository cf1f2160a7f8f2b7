import type { Artifact, ConstantLocation, Decoded, DecodedConstant, DecodedTensor, TensorLocation } from "@vlm-export/backend-api";
import type { TfliteModel, TfliteTensor } from "@vlm-export/formats/tflite";
import { elementCount, type TensorData } from "@vlm-export/ir";
import { createKernels, type Kernels } from "@vlm-export/numerics";
import { decodeTensor } from "../errors.js";
import { parseKey, type StoredAt, type TensorKey } from "../key.js";
import { type Copy, isSame } from "./copies.js";
import { derivedProblem } from "./derived.js";
import { openModel } from "./open-model.js";
import { graphIntegers, graphNumbers, plainTypes, storageOf } from "./integers.js";

/** Reads every located tensor back from the files. Throws VX-DECODE-TFLITE-FILE and -TENSOR. */
export async function decodeArtifact(artifact: Artifact): Promise<Decoded> {
  const files = new Map<string, TfliteModel>();
  const kernels = createKernels();
  const sourceOf = (path: string): Source => {
    const model = files.get(path) ?? openModel(artifact, path);
    files.set(path, model);
    return { model, kernels };
  };
  const tensors = artifact.tensors.map((location) => {
    const { path, places } = keyOf(location);
    return decodedOnce(location, places, (place) => decodeLocation(location, place, sourceOf(path)));
  });
  const constants = (artifact.constants ?? []).flatMap((location): readonly DecodedConstant[] => {
    const { component, value } = location;
    const { path, places } = keyOf(location);
    const decoded = decodedOnce(location, places, (place) => ({ ints: plainConstant(sourceOf(path), place) }));
    return decoded.ints ? [{ component, value, data: decoded.ints }] : [];
  });
  for (const [path, model] of files) checkDerived(artifact, path, model);
  return { decoder: "vlm-export tflite reader 1", tensors, constants };
}

function keyOf({ component, value, key }: ConstantLocation): TensorKey {
  const parsed = parseKey(key);
  if (!parsed) throw decodeTensor(component, value, `the key ${JSON.stringify(key)} names no tensor`);
  return parsed;
}

/** A value as its first tensor holds it. Throws VX-DECODE-TFLITE-TENSOR where another one holds something else. */
function decodedOnce<T extends Copy>(
  { component, value }: ConstantLocation,
  places: TensorKey["places"],
  decode: (place: StoredAt) => T,
): T {
  const [first, ...copies] = places;
  const decoded = decode(first);
  for (const copy of copies) {
    if (isSame(decoded, decode(copy))) continue;
    throw decodeTensor(component, value, `tensors ${first.tensor} and ${copy.tensor} both stand for it and hold different numbers`);
  }
  return decoded;
}

/** Throws VX-DECODE-TFLITE-TENSOR where a tensor that lowering added does not go with those that stand for values. */
function checkDerived({ tensors, constants }: Artifact, path: string, model: TfliteModel): void {
  const here = [...tensors, ...(constants ?? [])].map((location) => ({ ...location, ...keyOf(location) })).filter((at) => at.path === path);
  const located = new Set(here.flatMap(({ places }) => places.map(({ tensor }) => tensor)));
  const found = derivedProblem(model, { located, areAllLocated: constants !== undefined });
  if (found) throw decodeTensor(here[0]?.component ?? "", found.tensor, found.problem);
}

/** A constant that is not quantized, in the graph's order; undefined when the tensor is none. */
function plainConstant({ model, kernels }: Source, { tensor: index, layout }: StoredAt): TensorData | undefined {
  const tensor = model.subgraphs[0]?.tensors[index];
  const data = tensor && model.buffers[tensor.buffer];
  const storage = tensor && plainTypes.get(tensor.type);
  if (!tensor || !data || !storage || (layout && !isPermutation(layout, tensor.shape.length))) return undefined;
  return graphIntegers(data, tensor.shape, { storage, layout, isShifted: false, kernels });
}

interface Source {
  readonly model: TfliteModel;
  readonly kernels: Kernels;
}

function decodeLocation(location: TensorLocation, key: StoredAt, { model, kernels }: Source): DecodedTensor {
  const { component, value, reencodings } = location;
  const fail = (problem: string) => decodeTensor(component, value, problem);
  const tensor = model.subgraphs[0]?.tensors[key.tensor];
  if (!tensor) throw fail(`there is no tensor ${key.tensor}`);
  const isShifted = reencodings.includes("sign-shift");
  const storage = storageOf(tensor.type, isShifted);
  const stored = storedShapeOf(tensor, key);
  if (!stored) throw fail(`its place ${JSON.stringify(location.key)} does not fit [${tensor.shape.join(", ")}]`);
  if (!storage || !tensor.quantization?.scale.length)
    throw fail(`tensor ${JSON.stringify(tensor.name)} of ${tensor.type} is not quantized as expected`);
  const data = model.buffers[tensor.buffer];
  const scaleShape = key.shape ? undefined : scaleShapeOf(tensor, key);
  const ints = data && data.byteLength > 0 ? graphIntegers(data, stored, { storage, layout: key.layout, isShifted, kernels }) : undefined;
  return {
    component,
    value,
    storage,
    ...qparamsOf(tensor, key, shiftOf(storage)),
    ...(scaleShape && { scaleShape }),
    reencoded: reencodings,
    ...(ints && { ints }),
  };
}

/**
 * Where several scales lie in the graph's order; undefined for a single one, and where an axis of one element may be any of the graph's, as
 * a layout is only stated where it changes the order of elements.
 */
function scaleShapeOf({ shape, quantization }: TfliteTensor, { layout }: StoredAt): readonly number[] | undefined {
  const count = quantization?.scale.length ?? 0;
  if (count <= 1 || (!layout && shape.includes(1))) return undefined;
  const order = layout ?? shape.map((_, axis) => axis);
  const along = order[quantization?.quantizedDimension ?? 0];
  return shape.map((_, axis) => (axis === along ? count : 1));
}

/** Scales and zero points in the graph's order. Those of rows of blocks lie in the order of the rows; all others vary along one axis at most. */
function qparamsOf(
  { shape: rows, quantization }: TfliteTensor,
  { layout, shape }: StoredAt,
  shift: number,
): Pick<DecodedTensor, "scale" | "zeroPoint"> {
  const { scale = [], zeroPoint = [] } = quantization ?? {};
  const order = layout ?? shape?.map((_, axis) => axis) ?? [];
  const blocks = shape && order.map((axis, at) => (at === order.length - 1 ? (shape[axis] ?? 1) / (rows[1] ?? 1) : (shape[axis] ?? 1)));
  const inOrder = (numbers: readonly number[]) => (blocks && numbers.length > 0 ? graphNumbers(numbers, blocks, order) : numbers);
  return { scale: Float32Array.from(inOrder(scale)), zeroPoint: inOrder(zeroPoint).map((point) => point + shift) };
}

/** Extents of the value as its elements are stored; undefined when the key does not fit the tensor. */
function storedShapeOf(tensor: TfliteTensor, { layout, shape }: StoredAt): readonly number[] | undefined {
  const rank = (shape ?? tensor.shape).length;
  const order = layout ?? Array.from({ length: rank }, (_, axis) => axis);
  if (!isPermutation(order, rank)) return undefined;
  if (!shape) return tensor.shape;
  const stored = order.map((axis) => shape[axis] ?? 1);
  return areRowsOf(tensor, stored) ? stored : undefined;
}

/** True when the tensor is [rows, size] with a scale per row, and its rows cut the last stored axis. */
function areRowsOf({ shape, quantization }: TfliteTensor, stored: readonly number[]): boolean {
  const [rows = 0, size = 0] = shape;
  const count = elementCount(stored);
  return shape.length === 2 && quantization?.scale.length === rows && count === rows * size && (stored.at(-1) ?? 0) % size === 0;
}

function isPermutation(layout: readonly number[], rank: number): boolean {
  return layout.length === rank && [...layout].sort((a, b) => a - b).every((axis, i) => axis === i);
}

function shiftOf(storage: string): number {
  return storage === "u8" ? 128 : storage === "u4" ? 8 : 0;
}
