import { elementCount, type TensorData, type TensorType } from "@vlm-export/ir";
import { opTooLarge, opTooMuchWork } from "./errors.js";

/** Most elements of an operand or result of a reference evaluation. */
export const MAX_EVALUATED_ELEMENTS: number = 2 ** 26;
/** Most elements of a result that has more than {@link MAX_GROWTH} times the elements of its operands. */
export const MAX_GROWN_ELEMENTS: number = 2 ** 21;
/** Growth up to which a result counts as no larger than its operands. */
export const MAX_GROWTH: number = 4;
/** Most multiply-accumulates of a reference evaluation. */
export const MAX_EVALUATED_MACS: number = 2 ** 28;

/** Throws VX-OP-TOO-LARGE when operands or results are no small tensors. */
export function checkSizes(op: string, inputs: readonly (TensorData | null)[], outputs: readonly TensorType[]): void {
  const operands = inputs.reduce((sum, data) => sum + (data ? elementCount(data.shape) : 0), 0);
  for (const data of inputs) checkSize(op, data?.shape, MAX_EVALUATED_ELEMENTS);
  const limit = Math.min(MAX_EVALUATED_ELEMENTS, Math.max(MAX_GROWN_ELEMENTS, MAX_GROWTH * operands));
  for (const { shape } of outputs) checkSize(op, shape, limit);
}

/** Throws VX-OP-TOO-MUCH-WORK. */
export function checkWork(op: string, macs: number | undefined): void {
  if (macs !== undefined && macs > MAX_EVALUATED_MACS) throw opTooMuchWork(op, macs, MAX_EVALUATED_MACS);
}

function checkSize(op: string, shape: TensorType["shape"], limit: number): void {
  if (shape?.every((extent) => typeof extent === "number") && elementCount(shape as readonly number[]) > limit)
    throw opTooLarge(op, shape as readonly number[], limit);
}
