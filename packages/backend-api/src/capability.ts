import type { Value } from "@vlm-export/ir";
import type { Backend } from "./backend.js";
import { blockSizeOf } from "./check.js";

/** Why a target's capabilities do not hold a quantized value; undefined when they do. An int32 bias needs no capability of its own. */
export function whyNotHeld({ capabilities }: Pick<Backend, "capabilities">, value: Value): string | undefined {
  const { weights, activations, granularities, blockSizes } = capabilities;
  const { quant } = value.type;
  const allowed = value.data ? weights : activations;
  if (!quant || quant.storage === "i32") return undefined;
  if (!allowed.includes(quant.storage)) return `storage ${quant.storage} is not among ${allowed.join(", ")}`;
  if (!granularities.includes(quant.granularity)) return `granularity ${quant.granularity} is not among ${granularities.join(", ")}`;
  const blockSize = blockSizeOf(value.type);
  const fits = blockSize === undefined || blockSizes.length === 0 || blockSizes.includes(blockSize);
  return fits ? undefined : `blockSize ${blockSize} is not among ${blockSizes.join(", ")}`;
}
