import type { OpDef } from "@vlm-export/ir";
import { commonDtype } from "./binary.js";
import { broadcastIndices, broadcastShapes } from "./broadcast.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";

/** An op over any number of broadcast operands, folded from the left. */
export interface VariadicSpec extends Pick<OpSpec, "name" | "doc" | "since"> {
  readonly real: (x: number, y: number) => number;
  readonly integer?: (x: bigint, y: bigint) => bigint;
  /** Applied to the folded number. */
  readonly finish?: (x: number, operands: number) => number;
}

/** Makes an op of any number of operands. */
export function variadicOp({ name, doc, since, real, integer, finish }: VariadicSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "compute",
    quantizable: ["activation"],
    infer: (call) => [
      {
        dtype: commonDtype(call),
        shape: broadcastShapes(
          call,
          call.inputs.map((_, i) => call.shape(i)),
        ),
      },
    ],
    evaluate: (call) => {
      const { dtype, shape } = call.output();
      const operands = call.inputs.map((_, i) => call.data(i));
      if (integer && isIntegerType(dtype)) {
        const rows = operands.map((data) => pick(bigintsOf(data) as ArrayLike<bigint>, broadcastIndices(data.shape, shape)));
        return [
          tensorOfBigints(
            dtype,
            shape,
            rows.reduce((a, b) => a.map((x, k) => integer(x, b[k] as bigint))),
          ),
        ];
      }
      const rows = operands.map((data) => pick(numbersOf(data) as ArrayLike<number>, broadcastIndices(data.shape, shape)));
      const folded = rows.reduce((a, b) => a.map((x, k) => real(x, b[k] as number)));
      return [tensorOf(dtype, shape, finish ? folded.map((x) => finish(x, operands.length)) : folded)];
    },
  });
}

function pick<T>(values: ArrayLike<T>, indices: Int32Array): T[] {
  return Array.from(indices, (i) => values[i] as T);
}
