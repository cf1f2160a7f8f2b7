import type { Dim, OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { opDivideByZero } from "../errors.js";

/** ONNX Mod. */
export const mod: OpDef = binaryOp({
  name: "Mod",
  doc: "z = rest of x / y, with the sign of y; with that of x where fmod = 1",
  since: 10,
  quant: "float",
  real: (call) => (call.int("fmod") === 1 ? (x, y) => x % y : signOfDivisor),
  integer: (call) => (x, y) => {
    if (y === 0n) throw opDivideByZero("Mod");
    const rest = x % y;
    return call.int("fmod") === 0 && rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
  },
  dims: rest,
});

/** x mod y with the sign of y, also for infinite y. */
function signOfDivisor(x: number, y: number): number {
  const remainder = x % y;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

function rest(x: Dim, y: Dim): Dim | undefined {
  return typeof x === "number" && typeof y === "number" && x >= 0 && y > 0 ? x % y : undefined;
}
