import { elementCount } from "@vlm-export/ir";
import type { OpDef } from "@vlm-export/ir";
import { type OpSpec, onnxOp } from "./define-op.js";
import { checkMinRank } from "./extents.js";
import type { EvaluateCall } from "./op-call.js";
import { numbersOf, tensorOf } from "./small-tensor.js";

/** An op that folds all spatial elements of each channel of [N, C, D…] into one. */
export interface GlobalPoolSpec extends Pick<OpSpec, "name" | "doc" | "since" | "quant"> {
  readonly fold: (call: EvaluateCall) => (values: readonly number[]) => number;
}

/** Makes a global pool. */
export function globalPoolOp({ name, doc, since, quant, fold }: GlobalPoolSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant,
    quantizable: ["activation"],
    infer: (call) => {
      const shape = call.shape(0);
      checkMinRank(name, "X", shape, 2);
      return [{ dtype: call.dtype(0), shape: shape?.map((extent, i) => (i < 2 ? extent : 1)) }];
    },
    evaluate: (call) => {
      const { dtype, shape } = call.output();
      const values = Array.from(numbersOf(call.data(0)));
      const plane = elementCount(call.data(0).shape.slice(2));
      const pooled = fold(call);
      const planes = (shape[0] as number) * (shape[1] as number);
      return [
        tensorOf(
          dtype,
          shape,
          Array.from({ length: planes }, (_, i) => pooled(values.slice(i * plane, (i + 1) * plane))),
        ),
      ];
    },
  });
}
