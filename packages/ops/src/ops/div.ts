import type { Dim, OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { opDivideByZero } from "../errors.js";
import { floorDivideDim } from "../shape-math.js";

/** ONNX Div. */
export const div: OpDef = binaryOp({
  name: "Div",
  doc: "z = x / y; integers: the quotient without its fraction",
  since: 7,
  real: () => (x, y) => x / y,
  integer: () => (x, y) => {
    if (y === 0n) throw opDivideByZero("Div");
    return x / y;
  },
  dims: quotient,
});

function quotient(x: Dim, y: Dim): Dim | undefined {
  if (y === 0) return undefined;
  return typeof x === "number" && typeof y === "number" ? Math.trunc(x / y) : floorDivideDim(x, y);
}
