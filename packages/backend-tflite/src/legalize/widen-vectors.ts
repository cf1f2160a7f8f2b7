import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { expandAll, standIn } from "@vlm-export/passes";

/** A MatMul by an operand of one axis → one by a matrix of one row or column. */
export const widenVectors: Pass = {
  name: "tflite/widen-vectors",
  run: (edit) => expandAll(edit, "MatMul", widen),
};

function widen(edit: GraphEditor, node: Node): boolean {
  const [left, right] = node.inputs;
  const [isRow, isColumn] = [isVector(left), isVector(right)];
  if (!left || !right || (!isRow && !isColumn)) return false;
  const write = standIn(edit, node);
  const row = isRow ? write.op("Unsqueeze", [left, write.ints(0)]) : left;
  const column = isColumn ? write.op("Unsqueeze", [right, write.ints(1)]) : right;
  const axes = [...(isRow ? [-2] : []), ...(isColumn ? [-1] : [])];
  write.replace(node.outputs[0], write.op("Squeeze", [write.op("MatMul", [row, column]), write.ints(...axes)]));
  return true;
}

const isVector = (value: Value | null | undefined): boolean => value?.type.shape?.length === 1;
