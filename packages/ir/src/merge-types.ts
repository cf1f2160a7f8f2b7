import type { Dim, TensorType } from "./types.js";

/** True when a symbol has no name in the source model. */
function isAnonymous(extent: Dim): boolean {
  return typeof extent === "string" && extent.startsWith("?");
}

function mergeDims(known: Dim, inferred: Dim): Dim {
  if (typeof inferred === "number") return inferred;
  if (typeof known === "number") return known;
  return isAnonymous(inferred) ? known : isAnonymous(known) ? inferred : known;
}

/** What is known of a value from two sources: numbers beat symbols, named symbols beat anonymous ones, the inferred number wins a conflict. Quantization stays. */
export function mergeTypes(known: TensorType, inferred: TensorType): TensorType {
  const dtype = inferred.dtype === "unknown" ? known.dtype : inferred.dtype;
  const shape =
    known.shape && inferred.shape && known.shape.length === inferred.shape.length
      ? inferred.shape.map((extent, i) => mergeDims(known.shape?.[i] ?? extent, extent))
      : (inferred.shape ?? known.shape);
  const quant = known.quant ?? inferred.quant;
  const foreign = inferred.foreign ?? (inferred.dtype === "unknown" ? known.foreign : undefined);
  return { dtype, shape, ...(quant && { quant }), ...(foreign && { foreign }) };
}

/** Equal in everything that inference can change. */
export function sameInferredType(a: TensorType, b: TensorType): boolean {
  if (a.dtype !== b.dtype || a.foreign !== b.foreign || a.shape?.length !== b.shape?.length) return false;
  return a.shape === b.shape || (a.shape ?? []).every((extent, i) => extent === b.shape?.[i]);
}
