import { FilePool, FormatError } from "@vlm-export/formats/files";
import { readNpz } from "@vlm-export/formats/npy";
import { memoryTensor, type TensorData } from "@vlm-export/ir";
import { calFile, calNpy, calNpz, type SamplePlace } from "./errors.js";
import type { ModelInput } from "./model-input.js";

/** The arrays of a .npz file that the model takes, read into memory; others are left alone. Throws VX-CAL-FILE and VX-IMPORT-NPY/NPZ-*. */
export function readNpzTensors(
  path: string,
  inputs: readonly ModelInput[],
  place: SamplePlace,
): { readonly tensors: Map<string, TensorData>; readonly names: readonly string[] } {
  if (/\.npy$/i.test(path)) throw calNpy(place, path);
  const pool = new FilePool();
  try {
    const arrays = readNpz(pool.open(path));
    const wanted = inputs.filter(({ name }) => arrays.has(name));
    const tensors = wanted.map(({ name }) => {
      const array = arrays.get(name) as NonNullable<ReturnType<typeof arrays.get>>;
      return [name, memoryTensor(array.dtype, array.shape, array.data.read())] as const;
    });
    return { tensors: new Map(tensors), names: [...arrays.keys()] };
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
