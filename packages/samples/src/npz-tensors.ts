import { FilePool, FormatError } from "@vlm-export/formats/files";
import { openNpz } from "@vlm-export/formats/npy";
import { memoryTensor, type TensorData } from "@vlm-export/ir";
import { calFile, calNpy, calNpz, type SamplePlace } from "./errors.js";
import type { ModelInput } from "./model-input.js";

/** Masks and caches of zeros are packed a thousandfold; the bound on the unpacked size stays. */
const LIMITS = { ratio: Number.POSITIVE_INFINITY };

/** The arrays of a .npz file that the model takes, read into memory; others are left alone, whatever they hold. Throws VX-CAL-FILE and VX-IMPORT-NPY/NPZ-*. */
export function readNpzTensors(
  path: string,
  inputs: readonly ModelInput[],
  place: SamplePlace,
): { readonly tensors: Map<string, TensorData>; readonly names: readonly string[] } {
  if (/\.npy$/i.test(path)) throw calNpy(place, path);
  const pool = new FilePool();
  try {
    const archive = openNpz(pool.open(path), LIMITS);
    const tensors = new Map<string, TensorData>();
    for (const { name } of inputs) {
      const array = archive.array(name);
      if (!array) continue;
      archive.checkSum(name);
      tensors.set(name, memoryTensor(array.dtype, array.shape, array.data.read()));
    }
    return { tensors, names: archive.names };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    if (cause.code === "VX-IMPORT-FILE-OPEN" || cause.code === "VX-IMPORT-FILE-KIND")
      throw calFile(place, path, cause.message.replace(/\.$/, ""), cause);
    throw calNpz(cause.code, place, {
      message: `${JSON.stringify(path)}: ${cause.message}`,
      hint: cause.hint,
      cause,
      offset: cause.offset,
    });
  } finally {
    pool.close();
  }
}
