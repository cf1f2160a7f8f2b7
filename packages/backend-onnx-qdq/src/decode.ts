import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact, Decoded, DecodedConstant, DecodedTensor } from "@vlm-export/backend-api";
import { type DType, elementCount, type TensorData } from "@vlm-export/ir";
import type { onnx } from "onnx-proto";
import onnxProto from "onnx-proto";
import { sameTensor } from "./decode-copies.js";
import { allNodes, type Initializers } from "./decode-graphs.js";
import { floatsOf, requireFloats, zeroPointsOf } from "./decode-numbers.js";
import { singleScales } from "./decode-repeated.js";
import { signed } from "./decode-shifted.js";
import { numberIn, tensorOf } from "./decode-tensor.js";
import { decodeMalformed } from "./errors.js";
import { parseKey } from "./key.js";
import { DECODER } from "./versions.js";

/** What one model file holds. */
interface DecodedFile {
  readonly path: string;
  /** Of the outermost graph. */
  readonly initializers: Initializers;
  /** What every DequantizeLinear reads, under the name of its integers and under that of its scale. */
  readonly quantized: ReadonlyMap<string, Qparams>;
}

interface Qparams {
  readonly ints: TensorData | undefined;
  readonly storage: DType;
  readonly scale: TensorData;
  readonly zeroPoint: TensorData | undefined;
  /** Undefined for a single scale. */
  readonly scaleShape: readonly number[] | undefined;
  /** Operands and attributes of the operators that go with it; all have the same. */
  readonly terms: string;
  /** Set when operators on the same integers differ in their terms. */
  readonly isAmbiguous?: boolean;
}

/**
 * Reads an artifact back, the graphs inside operators included, with onnx-proto (protobufjs 6 and its own schema), which shares no code with the writer: for every
 * DequantizeLinear the integers, scales and zero points that stand in the file, and the plain constants. Only the model file is
 * read now, all else when it is asked for. Throws VX-DECODE-ONNX, as do the reads.
 */
export function decodeOnnx(artifact: Artifact): Decoded {
  const files = new Map<string, DecodedFile>();
  const placeOf = (key: string): { readonly file: DecodedFile; readonly names: readonly string[] } | undefined => {
    const { file: path, names } = parseKey(key);
    if (!artifact.files.some((file) => file.path === path)) return undefined;
    const file = files.get(path) ?? readFile(join(artifact.dir, path));
    files.set(path, file);
    return { file, names };
  };
  const tensors = artifact.tensors.flatMap(({ component, value, key, reencodings }): readonly DecodedTensor[] => {
    const place = placeOf(key);
    const [qparams, ...copies] = place?.names.map((name) => place.file.quantized.get(name)) ?? [];
    if (!place || !qparams) return [];
    const { path } = place.file;
    if (!copies.every((copy) => copy && sameQparams(qparams, copy)))
      throw decodeMalformed(path, `${JSON.stringify(value)} is not the same in all graphs that read it`);
    if (qparams.isAmbiguous) throw decodeMalformed(path, `${JSON.stringify(value)} is quantized and dequantized on different terms`);
    const tensor = lazyTensor({ component, value, reencoded: reencodings }, path, qparams);
    const single = reencodings.includes("replicate-scale") ? singleScales(tensor, path) : tensor;
    return [reencodings.includes("sign-shift") ? signed(single, path) : single];
  });
  const constants = (artifact.constants ?? []).flatMap(({ component, value, key }): readonly DecodedConstant[] => {
    const place = placeOf(key);
    const proto = place?.file.initializers.get(place.names.join());
    return place && proto ? [{ component, value, data: tensorOf(place.file.path, proto) }] : [];
  });
  return { decoder: DECODER, tensors, constants };
}

/** Copies of the same integers, to be read in the same way. */
function sameQparams(a: Qparams, b: Qparams): boolean {
  const isLaidOutAlike = a.storage === b.storage && a.scaleShape?.join() === b.scaleShape?.join() && !b.isAmbiguous;
  return isLaidOutAlike && sameTensor(a.scale, b.scale) && sameTensor(a.zeroPoint, b.zeroPoint) && sameTensor(a.ints, b.ints);
}

/** Scales and zero points of a large model take more memory than its decoder may: they are read at each access. */
function lazyTensor(
  facts: Pick<DecodedTensor, "component" | "value" | "reencoded">,
  path: string,
  { ints, storage, scale, zeroPoint, scaleShape }: Qparams,
): DecodedTensor {
  return {
    ...facts,
    storage,
    ...(ints && { ints }),
    ...(scaleShape && { scaleShape }),
    get scale() {
      return floatsOf(path, scale);
    },
    get zeroPoint() {
      return zeroPoint ? zeroPointsOf(zeroPoint) : [];
    },
  };
}

function readFile(path: string): DecodedFile {
  const graph = decodeModel(path).graph;
  if (!graph) throw decodeMalformed(path, "it has no graph");
  const initializers = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  const quantized = new Map<string, Qparams>();
  for (const { node, initializers: readable } of allNodes(path, graph)) {
    const operator = operatorOf(node);
    if (!operator || !readable.has(operator.scaleName)) continue;
    const { key, scaleName, terms } = operator;
    const known = quantized.get(key);
    const qparams = known ?? qparamsOf(path, readable, operator);
    const checked = known && known.terms !== terms ? { ...known, isAmbiguous: true } : qparams;
    quantized.set(key, checked);
    if (!quantized.has(scaleName) || checked.isAmbiguous) quantized.set(scaleName, checked);
  }
  return { path, initializers, quantized };
}

/** A QuantizeLinear or DequantizeLinear, under the name of its integers. */
interface Operator {
  readonly key: string;
  readonly scaleName: string;
  readonly zeroPointName: string | undefined;
  readonly axis: number;
  readonly blockSize: number;
  readonly terms: string;
}

function operatorOf({ opType, input, output, attribute }: onnx.INodeProto): Operator | undefined {
  if (opType !== "DequantizeLinear" && opType !== "QuantizeLinear") return undefined;
  const [x = "", scaleName = "", zeroPointName] = input ?? [];
  const numberOf = (name: string, fallback: number): number => numberIn(attribute?.find((found) => found.name === name)?.i ?? fallback);
  const [axis, blockSize] = [numberOf("axis", 1), numberOf("block_size", 0)];
  const key = opType === "QuantizeLinear" ? (output?.[0] ?? "") : x;
  return { key, scaleName, zeroPointName, axis, blockSize, terms: JSON.stringify([scaleName, zeroPointName ?? "", axis, blockSize]) };
}

function decodeModel(path: string): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(readFileSync(path));
  } catch (error) {
    throw decodeMalformed(path, error instanceof Error ? error.message : String(error));
  }
}

/** A constant's own integers, or for an activation only its qparams; then the zero point's type is the storage type. */
function qparamsOf(path: string, initializers: Initializers, operator: Operator): Qparams {
  const { key, scaleName, zeroPointName, terms } = operator;
  const named = (name: string | undefined): TensorData | undefined => {
    const proto = name ? initializers.get(name) : undefined;
    return proto && tensorOf(path, proto);
  };
  const [ints, scale, zeroPoint] = [named(key), named(scaleName), named(zeroPointName)];
  if (!scale) throw decodeMalformed(path, `the scale ${JSON.stringify(scaleName)} of ${JSON.stringify(key)} is no constant`);
  requireFloats(path, scale);
  const scaleShape = ints && scaleShapeOf(ints.shape, scale.shape, operator);
  return { ints, storage: ints?.dtype ?? zeroPoint?.dtype ?? "u8", scale, zeroPoint, scaleShape, terms };
}

/** Which elements each of several scales is for: blocks as they stand, a vector along `axis`. */
function scaleShapeOf(shape: readonly number[], scale: readonly number[], { axis, blockSize }: Operator): readonly number[] | undefined {
  if (elementCount(scale) === 1) return undefined;
  if (blockSize > 0) return scale;
  const along = axis < 0 ? axis + shape.length : axis;
  return shape.map((_, i) => (i === along ? elementCount(scale) : 1));
}
