import { lowerUnsupported } from "../../errors.js";
import { type Layout, rowMajor, storedAxis } from "../../layout.js";
import type { Value } from "@vlm-export/ir";
import type { Lowering } from "../lowering.js";
import { formOf, inputOf, type LowerNode, outputOf } from "../node.js";
import { fullyConnected, matMulProduct } from "./fully-connected.js";

/** FULLY_CONNECTED by a constant matrix, BATCH_MATMUL otherwise. */
export const matMul: LowerNode = (lowering, node) => {
  const [a, b, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const [left, right] = [lowering.shape(a).length, lowering.shape(b).length];
  if (b.data && right === 2 && left >= 2) return fullyConnected(lowering, matMulProduct(lowering, node));
  if (left < 2 || right < 2) throw lowerUnsupported(node.name, "MatMul with an operand of one axis");
  const form = formOf("free", [a, b], y);
  const rank = Math.max(left, right);
  const x = lowering.readBroadcast(a, form, rank, rowMajor(rank));
  const layout = right === rank ? rightLayout(lowering, b, rank) : rowMajor(rank);
  const z = lowering.readBroadcast(b, form, rank, layout);
  const adjY = storedAxis(layout, rank - 1) !== rank - 1;
  const result = lowering.write(y, form, rowMajor(rank));
  lowering.emit("BATCH_MATMUL", [x, z], [result], { kind: "BatchMatMulOptions", adjX: false, adjY, asymmetricQuantizeInputs: false });
};

/** Batch axes first and in order; of the last two, the one that is stored last already stays there: the kernel reads both ways. */
function rightLayout(lowering: Lowering, value: Value, rank: number): Layout {
  const stored = lowering.layoutOf(value);
  const swapped = storedAxis(stored, rank - 2) > storedAxis(stored, rank - 1);
  const batch = rowMajor(rank - 2);
  return swapped ? [...batch, rank - 1, rank - 2] : [...batch, rank - 2, rank - 1];
}
