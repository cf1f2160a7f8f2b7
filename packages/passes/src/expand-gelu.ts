import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { type StandIn, expandAll, standIn } from "./stand-in.js";

/** Gelu → its formula in operators of opset 13; the inverse of normalize/fuse-gelu. */
export const expandGelu: Pass = {
  name: "legalize/expand-gelu",
  run: (edit) => expandAll(edit, "Gelu", expand),
};

function expand(edit: GraphEditor, node: Node): boolean {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x) return false;
  const write = standIn(edit, node);
  const scalar = (value: number): Value => write.scalar(value, x.type.dtype);
  const curve =
    node.attrs["approximate"] === "tanh" ? tanhCurve(write, x, scalar) : write.op("Erf", [write.op("Mul", [x, scalar(Math.SQRT1_2)])]);
  const half = write.op("Mul", [x, scalar(0.5)]);
  write.replace(output, write.op("Mul", [half, write.op("Add", [curve, scalar(1)])]));
  return true;
}

/** tanh(√(2/π) · (x + 0.044715 · x³)). */
function tanhCurve(write: StandIn, x: Value, scalar: (value: number) => Value): Value {
  const cube = write.op("Mul", [write.op("Mul", [x, x]), x]);
  const sum = write.op("Add", [x, write.op("Mul", [cube, scalar(0.044715)])]);
  return write.op("Tanh", [write.op("Mul", [sum, scalar(Math.sqrt(2 / Math.PI))])]);
}
