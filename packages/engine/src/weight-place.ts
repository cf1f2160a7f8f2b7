import { totalmem, freemem } from "node:os";
import { FilePool, FormatError } from "@vlm-export/formats/files";
import { elementBytes, elementCount, graphTensors, type OnnxGraph, readOnnx } from "@vlm-export/formats/onnx";
import { engineMemory } from "./errors.js";
import type { Arithmetic } from "./load-request.js";

/**
 * Where the weights are while a model runs. `held`: in memory as 32-bit floats, cast, dequantized and packed once, which is fast. `mapped`: in
 * their files, from which each run reads, casts and dequantizes them anew, one weight at a time.
 */
export type WeightPlace = "held" | "mapped";

/** What a model takes in memory beside its weights and while it loads, as a share of them (measured: 1.0 to 1.2 of them in all at the peak of the load; activations come on top). */
const SHARE = 1.5;
const HELD_BYTES = 4;
/** With nothing set the engine keeps integers and packs them (measured: 1.3 to 2.4 times the file, at the peak). */
const DEFAULT_SHARE = 2.5;

/** The place for the weights of a graph when so many bytes are free. Throws VX-ENGINE-MEMORY where the engine leaves no choice: nothing may be set. */
export function weightPlace(graph: OnnxGraph, arithmetic: Arithmetic, freeBytes: number): WeightPlace {
  if (arithmetic === "default") {
    const need = DEFAULT_SHARE * sumOf(graph, elementBytes);
    if (need > freeBytes) throw engineMemory(need, freeBytes);
    return "held";
  }
  return SHARE * HELD_BYTES * sumOf(graph, elementCount) > freeBytes ? "mapped" : "held";
}

function sumOf(graph: OnnxGraph, sizeOf: typeof elementBytes): number {
  let sum = 0;
  for (const tensor of graphTensors(graph)) if (tensor.data.kind !== "strings") sum += sizeOf(tensor);
  return sum;
}

/** {@link weightPlace} for a model file; one that cannot be read is the engine's to refuse. */
export function weightPlaceOfFile(path: string, arithmetic: Arithmetic, freeBytes: number): WeightPlace {
  const pool = new FilePool();
  try {
    return weightPlace(readOnnx(path, pool).graph, arithmetic, freeBytes);
  } catch (error) {
    if (error instanceof FormatError) return "held";
    throw error;
  } finally {
    pool.close();
  }
}

/**
 * Memory that this process may still take: what the system has free, and no more than what a container's limit leaves beside what the process has.
 * The page cache counts as free. macOS tells no such figure: half of its memory.
 */
export function freeMemoryBytes(): number {
  const free = process.platform === "darwin" ? totalmem() / 2 : freemem();
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(free, Math.max(0, limit - process.memoryUsage.rss())) : free;
}
