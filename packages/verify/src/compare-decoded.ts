import {
  type Artifact,
  type ConstantLocation,
  type Decoded,
  type DecodedTensor,
  quantizedValues,
  type Reencoding,
  scaleValues,
  valueKey,
  zeroPointValues,
} from "@vlm-export/backend-api";
import {
  type Diagnostic,
  type DType,
  elementCount,
  memoryTensor,
  type Model,
  type QuantSpec,
  singles,
  storedTensor,
  type TensorData,
  type Value,
  widenedTensor,
} from "@vlm-export/ir";
import { byteComparer, type CompareBytes } from "./byte-comparer.js";
import { verifyDecode, verifyDecodeMore } from "./errors.js";

/** Result of comparing what an artifact holds with the frozen graph. */
export interface Proof {
  readonly tensorsCompared: number;
  /** Values that differ or are missing. */
  readonly tensorsDifferent: number;
  /** Constants that are not quantized and that the target says it stores as they are; absent when it says nothing of them. */
  readonly constantsCompared?: number;
  /** Those of them that differ or are missing. */
  readonly constantsDifferent?: number;
  /** How many values each exact re-encoding was undone on. */
  readonly reencodings: Readonly<Partial<Record<Reencoding, number>>>;
  readonly decoder: string;
  /** One per difference, the first 20; empty when all is equal. */
  readonly diagnostics: readonly Diagnostic[];
}

const MAX_LISTED = 20;

interface Problem {
  readonly component: string;
  readonly value: string;
  readonly message: string;
}

/**
 * Equality of every integer, scale and zero point: each quantized value of the frozen model must be in `decoded` with the same
 * storage type, bit-equal integers, scales and zero points, or be named in the artifact's losses. The constants that the artifact says
 * it stores as they are must be in `decoded` bit by bit. Reads integers and constants in windows.
 */
export function compareDecoded(backend: string, model: Model, decoded: Decoded, artifact: Pick<Artifact, "losses" | "constants">): Proof {
  const excused = new Set(artifact.losses.map(valueKey));
  const terms = { excused, differ: byteComparer() };
  const { compared, problems, reencodings } = compareQuantized(model, decoded, terms);
  const constants = artifact.constants && compareConstants(model, decoded, artifact.constants, terms);
  return {
    tensorsCompared: compared,
    tensorsDifferent: problems.length,
    ...(constants && { constantsCompared: constants.compared, constantsDifferent: constants.problems.length }),
    reencodings,
    decoder: decoded.decoder,
    diagnostics: listed(backend, [...problems, ...(constants?.problems ?? [])]),
  };
}

interface Terms {
  /** Keys of the values in the loss ledger. */
  readonly excused: ReadonlySet<string>;
  readonly differ: CompareBytes;
}

function compareQuantized(model: Model, decoded: Decoded, { excused, differ }: Terms) {
  const byName = new Map(decoded.tensors.map((tensor) => [valueKey(tensor), tensor]));
  const problems: Problem[] = [];
  const reencodings: Partial<Record<Reencoding, number>> = {};
  let compared = 0;
  for (const [component, graph] of model.components) {
    for (const value of quantizedValues(graph)) {
      const key = valueKey({ component, value: value.name });
      const tensor = byName.get(key);
      if (!tensor && excused.has(key)) continue;
      compared += 1;
      const difference = tensor ? differenceOf(value, tensor, differ) : "is not in the artifact";
      if (difference) problems.push({ component, value: value.name, message: difference });
      for (const kind of tensor?.reencoded ?? []) reencodings[kind] = (reencodings[kind] ?? 0) + 1;
    }
  }
  return { compared, problems, reencodings };
}

/** Skips values in the loss ledger, for which something else stands in the artifact, and constants that only the target's own passes made. */
function compareConstants(model: Model, decoded: Decoded, located: readonly ConstantLocation[], { excused, differ }: Terms) {
  const byName = new Map((decoded.constants ?? []).map((constant) => [valueKey(constant), constant.data]));
  const problems: Problem[] = [];
  let compared = 0;
  for (const { component, value } of located) {
    const key = valueKey({ component, value });
    const known = model.components.get(component)?.value(value);
    if (!known || excused.has(key)) continue;
    compared += 1;
    const difference = constantDiffers(known, byName.get(key), differ);
    if (difference) problems.push({ component, value, message: difference });
  }
  return { compared, problems };
}

/** A constant may be stored as it is read, as the 16-bit floats behind it, or in another type that holds the same numbers. */
function constantDiffers(value: Value, found: TensorData | undefined, differ: CompareBytes): string | undefined {
  if (!value.data || value.type.quant) return "is said to be a plain constant, which it is not in the graph";
  if (!found) return "is not in the artifact";
  const stored = storedTensor(value.data);
  const expected = [stored, value.data, inType(stored, found.dtype)].find((data) => data?.dtype === found.dtype) ?? value.data;
  const [wanted, got] = [expected, found].map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`);
  return wanted === got ? differ("elements", expected, found) : `is ${got}, the graph's ${wanted}`;
}

/** 16-bit floats as f32, i64 as i32; undefined where there is no such form, or a number is out of its range. */
function inType(data: TensorData, dtype: DType): TensorData | undefined {
  if (dtype === "f32" && (data.dtype === "f16" || data.dtype === "bf16")) return widenedTensor(data);
  if (dtype !== "i32" || data.dtype !== "i64") return undefined;
  const numbers = Array.from(new BigInt64Array(data.bytes().slice().buffer), Number);
  const ints = Int32Array.from(numbers);
  return ints.every((int, i) => int === numbers[i]) ? memoryTensor("i32", data.shape, new Uint8Array(ints.buffer)) : undefined;
}

const REPORT_HINT =
  "The artifact does not carry the graph's integers and must not be shipped; report this with the recipe and the graph hash.";

function listed(backend: string, problems: readonly Problem[]): readonly Diagnostic[] {
  const shown = problems.slice(0, MAX_LISTED).map((problem) => verifyDecode(backend, problem, problem.message, REPORT_HINT));
  return problems.length > MAX_LISTED ? [...shown, verifyDecodeMore(backend, problems.length - MAX_LISTED)] : shown;
}

/** What differs, in words; undefined when nothing does. */
function differenceOf(value: Value, tensor: DecodedTensor, differ: CompareBytes): string | undefined {
  const quant = value.type.quant;
  if (!quant) return "is quantized but the graph's value is not";
  const { scale, zeroPoint } = tensor;
  if (!(scale instanceof Float32Array) || !Array.isArray(zeroPoint)) return "has no readable scales or zero points";
  if (tensor.storage !== quant.storage) return `holds ${tensor.storage}, the graph ${quant.storage}`;
  return (
    scaleShapeDiffers(quant, tensor) ??
    scalesDiffer(quant, scale, differ) ??
    numbersDiffer("zeroPoint", zeroPointValues(quant), zeroPoint) ??
    (value.data && (tensor.ints ? differ("integers", value.data, tensor.ints) : "has no integers"))
  );
}

/** Several scales must be for the same elements; a format that stores a constant in another rank says nothing comparable. */
function scaleShapeDiffers({ scale }: QuantSpec, { scaleShape }: DecodedTensor): string | undefined {
  if (!scale || !scaleShape || elementCount(scale.shape) === 1 || scaleShape.length !== scale.shape.length) return undefined;
  if (scaleShape.join() === scale.shape.join()) return undefined;
  return `has scales laid out as [${scaleShape.join(", ")}], the graph as [${scale.shape.join(", ")}]`;
}

/** Equal bytes are equal numbers; the numbers are only gone through to say where a difference is. */
function scalesDiffer(quant: QuantSpec, found: Float32Array, differ: CompareBytes): string | undefined {
  const isEqual = quant.scale !== undefined && differ("scales", singles(quant.scale), tensorOf(found)) === undefined;
  return isEqual ? undefined : numbersDiffer("scale", scaleValues(quant), found);
}

function tensorOf(floats: Float32Array): TensorData {
  return memoryTensor("f32", [floats.length], bytesOf(floats));
}

/** An absent list of zero points is a list of zeros. */
function numbersDiffer(what: string, expected: ArrayLike<number>, found: ArrayLike<number>): string | undefined {
  const count = Math.max(expected.length, found.length);
  if (expected instanceof Float32Array && found instanceof Float32Array && Buffer.compare(bytesOf(expected), bytesOf(found)) === 0)
    return undefined;
  if (expected.length !== found.length && expected.length > 0 === found.length > 0)
    return `has ${found.length} ${what}s, the graph ${expected.length}`;
  for (let i = 0; i < count; i += 1) {
    const [wanted, got] = [expected[i] ?? 0, found[i] ?? 0];
    if (wanted !== got) return `has ${what} ${got} at index ${i}, the graph ${wanted}`;
  }
  return undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Values that two or more targets hold and whether all hold the same: the cross-target equality of the report. */
export function compareAcrossTargets(proofs: ReadonlyMap<string, Decoded>): { readonly tensors: number; readonly different: number } {
  const held = new Map<string, DecodedTensor[]>();
  for (const decoded of proofs.values()) {
    for (const tensor of decoded.tensors) {
      const key = valueKey(tensor);
      held.set(key, [...(held.get(key) ?? []), tensor]);
    }
  }
  const differ = byteComparer();
  const shared = [...held.values()].filter((tensors) => tensors.length > 1);
  return {
    tensors: shared.length,
    different: shared.filter(([first, ...rest]) => rest.some((tensor) => tensorsDiffer(first as DecodedTensor, tensor, differ))).length,
  };
}

function tensorsDiffer(a: DecodedTensor, b: DecodedTensor, differ: CompareBytes): boolean {
  const qparams = numbersDiffer("scale", a.scale, b.scale) ?? numbersDiffer("zeroPoint", a.zeroPoint, b.zeroPoint);
  return (
    a.storage !== b.storage ||
    qparams !== undefined ||
    (a.ints !== undefined && b.ints !== undefined && differ("integers", a.ints, b.ints) !== undefined)
  );
}
