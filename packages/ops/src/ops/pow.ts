import type { OpDef } from "@vlm-export/ir";
import { broadcastIndices, broadcastShapes } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "../small-tensor.js";

/** ONNX Pow. */
export const pow: OpDef = onnxOp({
  name: "Pow",
  doc: "z = x to the power of y, typed like x",
  since: 7,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: broadcastShapes(call, [call.shape(0), call.shape(1)]) }],
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const [x, y] = [call.data(0), call.data(1)];
    const [at, bt] = [broadcastIndices(x.shape, shape), broadcastIndices(y.shape, shape)];
    if (isIntegerType(x.dtype) && isIntegerType(y.dtype)) {
      const [xs, ys] = [bigintsOf(x), bigintsOf(y)];
      const powers = Array.from(at, (a, k) => integerPower(xs[a] as bigint, ys[bt[k] as number] as bigint));
      return [tensorOfBigints(dtype, shape, powers)];
    }
    const [xs, ys] = [numbersOf(x), numbersOf(y)];
    return [
      tensorOf(
        dtype,
        shape,
        Float64Array.from(at, (a, k) => (xs[a] as number) ** (ys[bt[k] as number] as number)),
      ),
    ];
  },
});

/** x^y modulo 2^64 by repeated squaring; a negative exponent gives the truncated reciprocal. */
function integerPower(x: bigint, y: bigint): bigint {
  if (y < 0n) return x === 1n ? 1n : x === -1n ? (y % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  let square = x;
  for (let rest = y; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}
