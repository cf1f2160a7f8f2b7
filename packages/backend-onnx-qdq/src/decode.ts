import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact, Decoded, DecodedConstant, DecodedTensor } from "@vlm-export/backend-api";
import type { DType, TensorData } from "@vlm-export/ir";
import type { onnx } from "onnx-proto";
import onnxProto from "onnx-proto";
import { floatsOf, requireFloats, zeroPointsOf } from "./decode-numbers.js";
import { signed } from "./decode-shifted.js";
import { tensorOf } from "./decode-tensor.js";
import { decodeMalformed } from "./errors.js";
import { DECODER } from "./versions.js";

/** What one model file holds. */
interface DecodedFile {
  readonly path: string;
  readonly initializers: ReadonlyMap<string, onnx.ITensorProto>;
  /** What every DequantizeLinear reads, under the name of its integers and under that of its scale. */
  readonly quantized: ReadonlyMap<string, Qparams>;
}

interface Qparams {
  readonly ints: TensorData | undefined;
  readonly storage: DType;
  readonly scale: TensorData;
  readonly zeroPoint: TensorData | undefined;
}

/**
 * Reads an artifact back with onnx-proto (protobufjs 6 and its own schema), which shares no code with the writer: for every
 * DequantizeLinear the integers, scales and zero points that stand in the file, and the plain constants. Only the model file is
 * read now, all else when it is asked for. Throws VX-DECODE-ONNX, as do the reads.
 */
export function decodeOnnx(artifact: Artifact): Decoded {
  const files = new Map<string, DecodedFile>();
  const placeOf = (key: string): { readonly file: DecodedFile; readonly name: string } | undefined => {
    const [path = "", ...name] = key.split("#");
    if (!artifact.files.some((file) => file.path === path)) return undefined;
    const file = files.get(path) ?? readFile(join(artifact.dir, path));
    files.set(path, file);
    return { file, name: name.join("#") };
  };
  const tensors = artifact.tensors.flatMap(({ component, value, key, reencodings }): readonly DecodedTensor[] => {
    const place = placeOf(key);
    const qparams = place?.file.quantized.get(place.name);
    if (!place || !qparams) return [];
    const tensor = lazyTensor({ component, value, reencoded: reencodings }, place.file.path, qparams);
    return [reencodings.includes("sign-shift") ? signed(tensor, place.file.path) : tensor];
  });
  const constants = (artifact.constants ?? []).flatMap(({ component, value, key }): readonly DecodedConstant[] => {
    const place = placeOf(key);
    const proto = place?.file.initializers.get(place.name);
    return place && proto ? [{ component, value, data: tensorOf(place.file.path, proto) }] : [];
  });
  return { decoder: DECODER, tensors, constants };
}

/** Scales and zero points of a large model take more memory than its decoder may: they are read at each access. */
function lazyTensor(
  facts: Pick<DecodedTensor, "component" | "value" | "reencoded">,
  path: string,
  { ints, storage, scale, zeroPoint }: Qparams,
): DecodedTensor {
  return {
    ...facts,
    storage,
    ...(ints && { ints }),
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
  for (const node of graph.node ?? []) {
    if (node.opType !== "DequantizeLinear") continue;
    const [key = "", scaleName = "", zeroPointName] = node.input ?? [];
    if (quantized.has(key) || !initializers.has(scaleName)) continue;
    const qparams = qparamsOf(path, initializers, { key, scaleName, zeroPointName });
    quantized.set(key, qparams);
    quantized.set(scaleName, qparams);
  }
  return { path, initializers, quantized };
}

function decodeModel(path: string): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(readFileSync(path));
  } catch (error) {
    throw decodeMalformed(path, error instanceof Error ? error.message : String(error));
  }
}

interface Names {
  readonly key: string;
  readonly scaleName: string;
  readonly zeroPointName: string | undefined;
}

/** A constant's own integers, or for an activation only its qparams; then the zero point's type is the storage type. */
function qparamsOf(path: string, initializers: ReadonlyMap<string, onnx.ITensorProto>, { key, scaleName, zeroPointName }: Names): Qparams {
  const named = (name: string | undefined): TensorData | undefined => {
    const proto = name ? initializers.get(name) : undefined;
    return proto && tensorOf(path, proto);
  };
  const [ints, scale, zeroPoint] = [named(key), named(scaleName), named(zeroPointName)];
  if (!scale) throw decodeMalformed(path, `the scale ${JSON.stringify(scaleName)} of ${JSON.stringify(key)} is no constant`);
  requireFloats(path, scale);
  return { ints, storage: ints?.dtype ?? zeroPoint?.dtype ?? "u8", scale, zeroPoint };
}
