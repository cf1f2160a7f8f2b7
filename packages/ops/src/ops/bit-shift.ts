import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { oneOf } from "../conv-shape.js";

const DIRECTIONS: ReadonlySet<string> = new Set(["LEFT", "RIGHT"]);

/** ONNX BitShift. */
export const bitShift: OpDef = binaryOp({
  name: "BitShift",
  doc: "z = x shifted by y bits in `direction`, filled with 0 (to the right: with the sign)",
  since: 11,
  quant: "float",
  real: () => () => Number.NaN,
  integer: (call) => {
    const left = oneOf(call, "direction", DIRECTIONS) === "LEFT";
    const all = 64n;
    const bits = (y: bigint): bigint => (y < 0n || y > all ? all : y);
    return (x, y) => (left ? x << bits(y) : x >> bits(y));
  },
});
