import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { oneOf } from "../conv-shape.js";

const DIRECTIONS: ReadonlySet<string> = new Set(["LEFT", "RIGHT"]);

/** ONNX BitShift. */
export const bitShift: OpDef = binaryOp({
  name: "BitShift",
  doc: "z = x shifted by y bits in `direction`, filled with 0",
  since: 11,
  quant: "float",
  real: () => () => Number.NaN,
  integer: (call) => {
    const left = oneOf(call, "direction", DIRECTIONS) === "LEFT";
    return (x, y) => (y >= 64n ? 0n : left ? x << y : x >> y);
  },
});
