import { type GraphEditor, type Node, type TensorData, type Value, widenedTensor } from "@vlm-export/ir";
import { plainData } from "./match.js";

/** Up to this many bytes a constant is worth no operator of its own in an artifact: plain folding converts it. */
const SMALL_BYTES = 4096;

/**
 * Casts of an f16 or bf16 constant to f32 become one f32 constant, of any size, that is widened as it is read. It takes over the
 * 16-bit constant with its name and role; where somebody else reads that one, it stays, and the f32 constant is `<name>_f32`.
 * False when there was nothing to replace.
 */
export function widenCasts(edit: GraphEditor, constant: Value): boolean {
  const narrow = plainData(constant);
  if (!narrow || !isWidenedLate(narrow)) return false;
  const users = edit.graph.users(constant);
  const casts = users.filter(isWidening);
  if (casts.length === 0) return false;
  const data = widenedTensor(narrow);
  const isOnlyCast = casts.length === users.length && !edit.graph.outputs.includes(constant);
  const wide = isOnlyCast ? constant : edit.addConstant(edit.freshName(`${constant.name}_f32`), data, undefined, constant.role);
  if (isOnlyCast) edit.setData(constant, data, { dtype: data.dtype, shape: data.shape });
  for (const cast of casts) {
    edit.replaceAllUses(cast.outputs[0] as Value, wide);
    edit.erase(cast);
  }
  return true;
}

/** True for 16-bit floats whose f32 form is made as it is read. */
export function isWidenedLate({ dtype, byteLength }: TensorData): boolean {
  return (dtype === "f16" || dtype === "bf16") && byteLength > SMALL_BYTES;
}

/** True for a Cast to f32. */
export function isWidening({ op, outputs }: Node): boolean {
  return op === "Cast" && outputs[0]?.type.dtype === "f32";
}
