import { allConstants, type Graph, recordContentHash, singles, storedTensor, type TensorData } from "@vlm-export/ir";
import type { KernelPool } from "@vlm-export/numerics";

/** Smaller constants are hashed faster than another thread is asked to. */
const LARGE_BYTES = 1 << 18;

/**
 * Hashes the large constants and scales (these also as f32, as manifests say them) of graphs that lie in files, on other threads, so that
 * `contentHash` knows them. One that cannot be read there is left to `contentHash`, which says why: the promise does not reject.
 */
export async function hashConstants(graphs: Iterable<Graph>, workers: Pick<KernelPool, "sha256" | "threads">): Promise<void> {
  if (workers.threads === 0) return;
  const constants = [...graphs].flatMap(allConstants);
  const tensors = constants.flatMap(({ data, type: { quant } }) => [
    data && storedTensor(data),
    quant?.scale,
    quant?.scale && singles(quant.scale),
    quant?.zeroPoint,
  ]);
  await Promise.all([...new Set(tensors)].map((data) => data && hashInFile(data, workers)));
}

async function hashInFile(data: TensorData, workers: Pick<KernelPool, "sha256">): Promise<void> {
  const { dtype, file, byteLength } = storedTensor(data);
  if (!file || byteLength < LARGE_BYTES) return;
  const { path, offset: begin } = file;
  const widen = data.narrow ? { widen: dtype as "f16" | "bf16" } : {};
  const hash = await workers.sha256({ path, begin, end: begin + byteLength, ...widen }).catch(() => undefined);
  if (hash !== undefined) recordContentHash(data, hash);
}
