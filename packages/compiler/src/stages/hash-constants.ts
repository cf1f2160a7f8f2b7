import { type Graph, recordContentHash, storedTensor, type TensorData } from "@vlm-export/ir";
import type { KernelPool } from "@vlm-export/numerics";

/** Smaller constants are hashed faster than another thread is asked to. */
const LARGE_BYTES = 1 << 18;

/**
 * Hashes the large constants and scales of graphs that lie in files, on other threads, so that `contentHash` knows them. One that cannot be
 * read there is left to `contentHash`, which says why: the promise does not reject.
 */
export async function hashConstants(graphs: Iterable<Graph>, workers: Pick<KernelPool, "sha256" | "threads">): Promise<void> {
  if (workers.threads === 0) return;
  const constants = [...graphs].flatMap((graph) => graph.constants);
  const tensors = new Set(constants.flatMap(({ data, type }) => [data, type.quant?.scale, type.quant?.zeroPoint]));
  await Promise.all([...tensors].map((data) => data && hashInFile(storedTensor(data), workers)));
}

async function hashInFile(data: TensorData, workers: Pick<KernelPool, "sha256">): Promise<void> {
  if (!data.file || data.byteLength < LARGE_BYTES) return;
  const { path, offset } = data.file;
  const hash = await workers.sha256({ path, begin: offset, end: offset + data.byteLength }).catch(() => undefined);
  if (hash !== undefined) recordContentHash(data, hash);
}
