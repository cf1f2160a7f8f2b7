import { linkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { ByteRange } from "@vlm-export/formats/files";
import { type OnnxExternalData, type OnnxModel, type OnnxTensor, writeOnnxTo } from "@vlm-export/formats/onnx";
import { BITS, type FileLocation, type TensorData } from "@vlm-export/ir";
import type { InitializerSource, LoweredOnnx } from "@vlm-export/lowering-onnx";
import type { TempFolders } from "./temp-folders.js";
import { TempSink } from "./temp-sink.js";

/** Smaller weights go into the model file: the engine needs them while it loads. */
const IN_PLACE_BYTES = 4096;
const MODEL_FILE = "model.onnx";

/** Where a model lies for the engine. */
export interface PlacedModel {
  readonly folder: string;
  /** The model file. */
  readonly path: string;
}

/**
 * Writes a lowered model into a new temporary folder. Weights that lie aligned in a file are
 * used where they are, through a hard link to that file beside the model (an engine only takes external data from the model's own
 * folder); all others are written to a file of external data.
 */
export async function placeModel(lowered: LoweredOnnx, folders: TempFolders, signal?: AbortSignal): Promise<PlacedModel> {
  const { initializers, model } = lowered;
  const located = model.graph.initializers.flatMap((tensor) => locationOf(tensor, initializers) ?? []);
  const folder = folders.make(located[0]?.path);
  try {
    const links = new Links(folder);
    const tensors = model.graph.initializers.map((tensor) => inPlace(tensor, initializers, links));
    const placed: OnnxModel = { ...model, graph: { ...model.graph, initializers: tensors } };
    const createSink = (name: string) => Promise.resolve(new TempSink(join(folder, name)));
    await writeOnnxTo(placed, createSink, {
      fileName: MODEL_FILE,
      externalFileName: "weights.bin",
      keepExternal: true,
      ...(signal && { signal }),
    });
    return { folder, path: join(folder, MODEL_FILE) };
  } catch (error) {
    folders.remove(folder);
    throw error;
  }
}

function inPlace(tensor: OnnxTensor, sources: ReadonlyMap<string, InitializerSource>, links: Links): OnnxTensor {
  const at = locationOf(tensor, sources);
  const location = at && links.nameOf(at.path);
  const data = sources.get(tensor.name)?.data;
  return at && location !== undefined && data ? { ...tensor, data: referenceTo(data, at, location) } : tensor;
}

/** Where a weight lies, if it is large enough and starts at a multiple of its element size (of 4 at least), as the engine maps it. */
function locationOf(tensor: OnnxTensor, sources: ReadonlyMap<string, InitializerSource>): FileLocation | undefined {
  const data = sources.get(tensor.name)?.data;
  if (!data?.file || data.byteLength < IN_PLACE_BYTES) return undefined;
  return data.file.offset % Math.max(4, BITS[data.dtype] / 8) === 0 ? data.file : undefined;
}

/** Hard links in a folder, one per file, to what a symbolic link stands for; a file that cannot be linked has none. */
class Links {
  readonly #folder: string;
  readonly #names = new Map<string, string | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  nameOf(path: string): string | undefined {
    if (!this.#names.has(path)) this.#names.set(path, this.#link(path));
    return this.#names.get(path);
  }

  #link(path: string): string | undefined {
    const name = `source-${this.#names.size}.bin`;
    try {
      linkSync(realpathSync(path), join(this.#folder, name));
      return name;
    } catch {
      return undefined;
    }
  }
}

function referenceTo(data: TensorData, at: FileLocation, location: string): OnnxExternalData {
  return { kind: "external", location, offset: at.offset, length: data.byteLength, checksum: undefined, open: () => rangeOf(data, at) };
}

function rangeOf(data: TensorData, { path, offset }: FileLocation, from = 0, to = data.byteLength): ByteRange {
  return {
    byteLength: to - from,
    origin: { path, offset: offset + from },
    read: (begin = 0, end = to - from) => data.bytes(from + begin, from + end),
    readInto: (target, begin) => target.set(data.bytes(from + begin, from + begin + target.byteLength)),
    slice: (begin, end) => rangeOf(data, { path, offset }, from + begin, from + end),
  };
}
